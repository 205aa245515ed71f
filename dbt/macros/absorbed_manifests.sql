{#
    Which manifests each history has already absorbed: a small table beside the histories, one row a dataset and manifest.

    A watermark on loaded_at would skip a manifest that commits late with an earlier time; a set can't.
    It is written by the post-hook of the history that absorbed them, from the list that was fixed before it started
    (stg_polygon__manifests_pending). A build that dies in between absorbs them again, which changes nothing.
#}
{% macro datasets() %}
    {{ return(['stock_bars', 'splits', 'dividends', 'tickers', 'option_contracts', 'option_bars', 'option_chain']) }}
{% endmacro %}

{% macro absorbed_manifests() -%}
    {{ target.database }}.snapshots.absorbed_manifests
{%- endmacro %}

{% macro create_absorbed_manifests() %}
    create table if not exists {{ absorbed_manifests() }} (
        dataset varchar not null,
        manifest_id varchar not null,
        last_fetched_at timestamp_ntz(6)
    )
{% endmacro %}

{% macro mark_absorbed(dataset) %}
    insert into {{ absorbed_manifests() }} (
        dataset,
        manifest_id,
        last_fetched_at
    )
    select
        pending.dataset,
        pending.manifest_id,
        pending.last_fetched_at
    from {{ ref('stg_polygon__manifests_pending') }} as pending
    where
        pending.dataset = '{{ dataset }}'
        and pending.is_new
        and not exists (
            select 1
            from {{ absorbed_manifests() }} as absorbed
            where
                absorbed.dataset = pending.dataset
                and absorbed.manifest_id = pending.manifest_id
        )
{% endmacro %}
