{#
    Every distinct version of every row of a dataset, valid from the moment it was fetched.

    dataset: a raw table; received_<dataset>() types its rows.  key: what identifies a row.  values: what makes a version.

    An observation is a row as one response held it. Per key, observations in the order of fetched_at become versions
    where a value changes; a moment at which several responses disagree counts with the last of them (highest manifest,
    object, line, position). Incremental: only keys that new manifests name are looked at, their recorded versions take
    part as observations, and only keys whose versions come out different are written – all versions of such a key, with
    one `recorded_at`. So a model that is built from a history finds what changed since its own newest `recorded_at`.
#}
{% macro history(dataset, key, values) %}
{%- if execute and var('as_of', none) -%}
    {{ exceptions.raise_compiler_error(
        'as_of reads the histories and must not write one: build with `--select snapshots+ --exclude snapshots`. '
        ~ 'Nothing was written.'
    ) }}
{%- endif %}
-- depends_on: {{ ref('stg_polygon__manifests_pending') }}
-- depends_on: {{ ref('stg_polygon__rows_rejected') }}
{%- set lineage = ['manifest_id', 'object_key', 'line_number', 'result_index'] %}
{%- set stored = key + values + ['fetched_at'] + lineage %}
with {{ context['received_' ~ dataset](pending_only=is_incremental()) }},

{% if is_incremental() %}
new_rows as (
    select
        {%- for column in stored %}
        received.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ dataset }}_received as received
    where received.rejection_reason is null
),

touched as (
    select distinct
        {%- for column in key %}
        new_rows.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from new_rows
    where new_rows.manifest_id in (
        select pending.manifest_id
        from {{ ref('stg_polygon__manifests_pending') }} as pending
        where
            pending.dataset = '{{ dataset }}'
            and pending.is_new
    )
),

recorded as (
    select recorded_versions.*
    from {{ this }} as recorded_versions
    inner join touched
        on
            {%- for column in key %}
            {{ 'and ' if not loop.first }}recorded_versions.{{ column }} = touched.{{ column }}
            {%- endfor %}
),

observations as (
    select
        {%- for column in stored %}
        new_rows.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from new_rows
    inner join touched
        on
            {%- for column in key %}
            {{ 'and ' if not loop.first }}new_rows.{{ column }} = touched.{{ column }}
            {%- endfor %}
    where new_rows.fetched_at >= (
        select min(pending.first_fetched_at)
        from {{ ref('stg_polygon__manifests_pending') }} as pending
        where
            pending.dataset = '{{ dataset }}'
            and pending.is_new
    )
    union all
    select
        {%- for column in stored %}
        recorded.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from recorded
),
{% else %}
observations as (
    select
        {%- for column in stored %}
        received.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ dataset }}_received as received
    where received.rejection_reason is null
),
{% endif %}
moments as (
    select *
    from observations
    qualify row_number() over (
        partition by {{ key | join(', ') }}, fetched_at
        order by {{ lineage | join(' desc, ') }} desc
    ) = 1
),

compared as (
    select
        moments.*,
        lag(fetched_at) over ({{ _in_order(key) }}) is null
        {%- for column in values %}
        or lag({{ column }}) over ({{ _in_order(key) }}) is distinct from {{ column }}
        {%- endfor %} as is_change
    from moments
),

versions as (
    select
        {%- for column in stored %}
        {{ column }},
        {%- endfor %}
        convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at,
        md5(
            {%- for column in key %}
            {{ "to_char(" ~ column ~ ", 'YYYY-MM-DD')" if column.endswith('_date') else column }} || '|' ||
            {%- endfor %} to_char(fetched_at, 'YYYY-MM-DD HH24:MI:SS.FF6')
        ) as dbt_scd_id,
        fetched_at as dbt_updated_at,
        fetched_at as dbt_valid_from,
        lead(fetched_at) over ({{ _in_order(key) }}) as dbt_valid_to
    from compared
    where is_change
)
{% if is_incremental() %}
select versions.*
from versions
inner join (
    select distinct
        {%- for column in key %}
        versions.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from versions
    left join recorded
        on
            versions.dbt_scd_id = recorded.dbt_scd_id
            and versions.dbt_valid_to is not distinct from recorded.dbt_valid_to
            {%- for column in lineage %}
            and versions.{{ column }} = recorded.{{ column }}
            {%- endfor %}
    where recorded.dbt_scd_id is null
) as changed
    on
        {%- for column in key %}
        {{ 'and ' if not loop.first }}versions.{{ column }} = changed.{{ column }}
        {%- endfor %}
{% else %}
select *
from versions
{%- if 'session_date' in key %}
{# As daily builds would have left them: a later one then reads the partitions of its sessions and no others. #}
order by session_date
{%- endif %}
{% endif %}
{% endmacro %}

{% macro _in_order(key) -%}
    partition by {{ key | join(', ') }} order by fetched_at
{%- endmacro %}
