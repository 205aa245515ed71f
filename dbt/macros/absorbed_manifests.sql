{#
    Which manifests each history has already absorbed: a small table beside the histories, one row a dataset and manifest.

    A watermark on loaded_at would skip a manifest that commits late with an earlier time; a set can't.
    It is written by the post-hook of the history that absorbed them, from the list that was fixed before it started
    (stg_polygon__manifests_pending). A build that dies in between absorbs them again, which changes nothing.
#}
{% macro datasets() %}
    {{ return(
        ['stock_bars', 'splits', 'dividends', 'tickers', 'ticker_listings', 'ticker_events', 'treasury_yields']
        + ['option_contracts', 'option_bars', 'option_chain']
    ) }}
{% endmacro %}

{# The raw tables that hold a dataset's rows: bars come from the API and from flat files, those of options also from the
   chain. #}
{% macro raw_tables(dataset) %}
    {{ return(
        [dataset]
        + ([files_of(dataset)] if files_of(dataset) else [])
        + (['option_chain'] if dataset == 'option_bars' else [])
    ) }}
{% endmacro %}

{% macro files_of(dataset) %}
    {{ return({'stock_bars': 'stock_bar_files', 'option_bars': 'option_bar_files'}.get(dataset)) }}
{% endmacro %}

{# A manifest is known by its family and its id: the same id under both families is two manifests. #}
{% macro family_of(dataset) %}
    {{ return('options' if dataset.startswith('option') else 'stocks') }}
{% endmacro %}

{% macro absorbed_manifests() -%}
    {{ target.database }}.snapshots.absorbed_manifests
{%- endmacro %}

{% macro create_absorbed_manifests() %}
    create table if not exists {{ absorbed_manifests() }} (
        dataset varchar not null comment 'Dataset, as its raw table is named',
        manifest_id varchar not null comment 'Manifest whose rows the history of the dataset holds',
        last_fetched_at timestamp_ntz(6) comment 'UTC, the newest answer of the dataset in it',
        objects_digest varchar comment 'Changes when other objects are under the same keys'
    )
    comment = 'What each history has absorbed: one row per dataset and manifest, written after the rows'
{% endmacro %}

{% macro mark_absorbed(dataset) %}
    merge into {{ absorbed_manifests() }} as absorbed
    using (
        select
            pending.dataset,
            pending.manifest_id,
            pending.last_fetched_at,
            pending.objects_digest
        from {{ ref('stg_polygon__manifests_pending') }} as pending
        where
            pending.dataset = '{{ dataset }}'
            and pending.is_new
    ) as taken_up
        on
            absorbed.dataset = taken_up.dataset
            and absorbed.manifest_id = taken_up.manifest_id
    when matched then update set
        last_fetched_at = taken_up.last_fetched_at,
        objects_digest = taken_up.objects_digest
    when not matched then insert (
        dataset,
        manifest_id,
        last_fetched_at,
        objects_digest
    )
    values (
        taken_up.dataset,
        taken_up.manifest_id,
        taken_up.last_fetched_at,
        taken_up.objects_digest
    )
{% endmacro %}

{# What tells a manifest's objects from other ones under the same keys: their sizes and sha256, as the ledger has them. #}
{% macro objects_digest(ledger) -%}
    md5(to_json({{ ledger }}.objects))
{%- endmacro %}

{#
    A manifest that was loaded again with other objects (raw.reload_manifest) can take results away that the histories
    hold and models were built on. Only a full refresh, which reads every raw line, forgets them: nothing else starts.
#}
{% macro refuse_replaced_manifests() %}
    {%- if execute and flags.WHICH in ('build', 'run') and not flags.FULL_REFRESH -%}
        {%- set absorbed = adapter.get_relation(target.database, 'snapshots', 'absorbed_manifests') -%}
        {%- if absorbed -%}
            {%- set replaced = run_query(replaced_manifests()).columns[0].values() -%}
            {%- if replaced -%}
                {{ exceptions.raise_compiler_error(
                    'loaded again with other objects since the histories took them up: '
                    ~ replaced | join(', ')
                    ~ '. Nothing was built. Run `dbt build --full-refresh`, which makes every table again from raw.'
                ) }}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro replaced_manifests() %}
    select distinct absorbed.manifest_id
    from {{ absorbed_manifests() }} as absorbed
    inner join {{ source('raw', 'load_ledger') }} as load_ledger
        on
            absorbed.manifest_id = load_ledger.manifest_id
            and load_ledger.family = iff(startswith(absorbed.dataset, 'option'), 'options', 'stocks')
    where absorbed.objects_digest <> {{ objects_digest('load_ledger') }}
    order by absorbed.manifest_id
{% endmacro %}
