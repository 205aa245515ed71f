{#
    Every distinct version of every row of a dataset, valid from the moment it was fetched.

    dataset: a raw table; received_<dataset>() types and judges its rows, history_columns() says what identifies a row and
    what makes a version.

    An observation is a row as one response held it. Per key, observations in the order of fetched_at become versions
    where a value changes; an observation by a flat file or a chain has the values that it lacks from the one before it. A
    moment at which several responses disagree counts with the last of them (highest manifest, object, line, position).
    Where a complete answer is a fact also for what it lacks, it ends a version (withdrawals.sql).
    What a chain says of a bar is provisional: it counts until a range or a file has said something else, and not where its
    own manifest has a range of it.
    Incremental: only keys that new manifests name, or should name, are looked at, their recorded versions take part as
    observations, and only keys whose versions come out different are written – all versions of such a key, with one
    `recorded_at`. So a model that is built from a history finds what changed since its own newest `recorded_at`.
#}
{% macro history(dataset) %}
{%- if execute and var('as_of', none) -%}
    {{ exceptions.raise_compiler_error(
        'as_of reads the histories and must not write one: build with `--select snapshots+ --exclude snapshots`. '
        ~ 'Nothing was written.'
    ) }}
{%- endif %}
-- depends_on: {{ ref('stg_polygon__manifests_pending') }}
-- depends_on: {{ ref('stg_polygon__answers') }}
-- depends_on: {{ ref('stg_polygon__rows_rejected') }}
{%- set columns = history_columns(dataset) %}
{%- set key, values = columns.key, columns['values'] %}
{%- set lineage = ['manifest_id', 'object_key', 'line_number', 'result_index'] %}
{%- set carried = columns.get('carried', []) %}
{%- set lacks = columns.get('lacks', {}) %}
{%- set has_chain = 'chain' in lacks %}
{%- set stored = key + values + carried + ['fetched_at'] + lineage %}
with {{ context['received_' ~ dataset](pending_only=is_incremental()) }},

{% if columns.withdrawable %}
{{ complete_answers(dataset) }}

{% endif %}
{% if is_incremental() %}
new_rows as (
    select
        {%- for column in stored %}
        received.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ dataset }}_received as received
    where received.rejection_reason is null
    {{- _unless_told_by_a_range(key) if has_chain }}
),

touched as (
    select
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
    {%- if columns.withdrawable %}
    union distinct
    select
        {%- for column in key %}
        versions.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ this }} as versions
    inner join answers
        on {{ should_hold(dataset, 'answers', 'versions') }}
    {%- else %}
    group by
        {%- for column in key %}
        new_rows.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- endif %}
),

recorded as (
    select
        recorded_versions.*,
        lead(recorded_versions.dbt_valid_from) over (
            partition by {{ _each(key, 'recorded_versions') }}
            order by recorded_versions.dbt_valid_from
        ) as next_valid_from
    from {{ this }} as recorded_versions
    inner join touched
        on {{ _same(key, 'recorded_versions', 'touched') }}
),

observations as (
    select
        {%- for column in stored %}
        new_rows.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from new_rows
    inner join touched
        on {{ _same(key, 'new_rows', 'touched') }}
    where new_rows.fetched_at >= {{ first_new_moment(dataset) }}
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
    {{- _unless_told_by_a_range(key) if has_chain }}
),
{% endif %}
{{ 'sourced' if lacks else 'moments' }} as (
    select
        *,
        false as is_withdrawn
        {%- for source in lacks %},
        {{ _is_of(source) }} as is_of_{{ source }}
        {%- endfor %}
    from observations
    qualify row_number() over (
        partition by {{ key | join(', ') }}, fetched_at
        order by {{ lineage | join(' desc, ') }} desc
    ) = 1
),

{% if has_chain %}
provisional as (
    {{ _filled('sourced', stored, key, lacks, with_sources=true) }}
),

provisionally_compared as (
    select
        told.*,
        {{ _is_change(key, values) }} as is_change
    from provisional as told
),

counted as (
    select *
    from provisionally_compared
    qualify
        not is_of_chain
        or coalesce(
            fetched_at < min(iff(is_change and not is_of_chain, fetched_at, null)) over (
                partition by {{ key | join(', ') }}
            ),
            true
        )
),

{% endif %}
{% if lacks %}
{# A recorded version by a file is filled anew: an answer that comes late may have come before it. #}
moments as (
    {{ _filled('counted' if has_chain else 'sourced', stored, key, lacks) }}
),
{% endif %}

{% if columns.withdrawable %}
{{ withdrawals(dataset) }}

events as (
    select *
    from moments
    union all
    select
        {%- for column in key %}
        {{ column }},
        {%- endfor %}
        {%- for column in values + carried %}
        null as {{ column }},
        {%- endfor %}
        withdrawn_at as fetched_at,
        {%- for column in lineage %}
        null as {{ column }},
        {%- endfor %}
        true as is_withdrawn
    from withdrawn
),

{% endif %}
compared as (
    select
        told.*,
        {{ _is_change(key, values) }} as is_change
    from {{ 'events' if columns.withdrawable else 'moments' }} as told
),

changes as (
    select
        compared.*,
        lead(compared.fetched_at) over ({{ _in_order(key, 'compared') }}) as next_change_at
    from compared
    where compared.is_change
),

versions as (
    select
        {%- for column in stored %}
        {{ column }},
        {%- endfor %}
        convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at,
        md5({{ row_key(dataset) }} || '|' || to_char(fetched_at, 'YYYY-MM-DD HH24:MI:SS.FF6')) as dbt_scd_id,
        fetched_at as dbt_updated_at,
        fetched_at as dbt_valid_from,
        next_change_at as dbt_valid_to
    from changes
    where not is_withdrawn
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
    on {{ _same(key, 'versions', 'changed') }}
{% else %}
select *
from versions
{%- if 'session_date' in key %}
{# As daily builds would have left them: a later one then reads the partitions of its sessions and no others. #}
order by session_date
{%- endif %}
{% endif %}
{% endmacro %}

{# The earliest answer that this build takes up for the first time: what is known until then stays as it is. #}
{% macro first_new_moment(dataset) -%}
    (
        select min(pending.first_fetched_at)
        from {{ ref('stg_polygon__manifests_pending') }} as pending
        where
            pending.dataset = '{{ dataset }}'
            and pending.is_new
    )
{%- endmacro %}

{# Which source an observation is by; an answer with bars has all values. #}
{% macro _is_of(source) -%}
    object_key like '{{ {'file': '%.csv.gz', 'chain': 'raw/option_chain/%'}[source] }}'
{%- endmacro %}

{# A chain's day bar, and a range of the same manifest that has the bar too: the range says more. #}
{% macro _unless_told_by_a_range(key) %}
    qualify
        not {{ _is_of('chain') }}
        or boolor_agg(not {{ _is_of('chain') }}) over (partition by manifest_id, {{ key | join(', ') }}) = false
{%- endmacro %}

{# Observations, each with the values that its source lacks as they were known. #}
{% macro _filled(observations, stored, key, lacks, with_sources=false) -%}
    {%- set lacking = {} %}
    {%- for source, columns in lacks.items() %}
        {%- for column in columns %}
            {%- do lacking.update({column: source}) %}
        {%- endfor %}
    {%- endfor -%}
    select
        {%- for column in stored %}
        {%- if column in lacking %}
        {%- set is_lacking = 'sourced.is_of_' ~ lacking[column] %}
        iff(
            {{ is_lacking }},
            {{ _as_known(column, is_lacking, lacks[lacking[column]][column], key) }},
            sourced.{{ column }}
        ) as {{ column }},
        {%- else %}
        sourced.{{ column }},
        {%- endif %}
        {%- endfor %}
        {%- for source in lacks if with_sources %}
        sourced.is_of_{{ source }},
        {%- endfor %}
        sourced.is_withdrawn
    from {{ observations }} as sourced
{%- endmacro %}

{# What the last observation by a source that has the value said; `otherwise` where there is none. Neither an average nor
   a number of trades is negative: -1 keeps apart an answer that had none from an observation that lag passes over. #}
{% macro _as_known(column, is_lacking, otherwise, key) -%}
    {%- if otherwise == 'null' -%}
        nullif(lag(iff({{ is_lacking }}, null, coalesce(sourced.{{ column }}, -1))) ignore nulls over (
            {{- _in_order(key, 'sourced') }}), -1)
    {%- else -%}
        coalesce(lag(iff({{ is_lacking }}, null, sourced.{{ column }})) ignore nulls over (
            {{- _in_order(key, 'sourced') }}), {{ otherwise }})
    {%- endif -%}
{%- endmacro %}

{% macro _is_change(key, values) -%}
    lag(told.fetched_at) over ({{ _in_order(key) }}) is null
        or lag(told.is_withdrawn) over ({{ _in_order(key) }}) <> told.is_withdrawn
        {%- for column in values %}
        or lag(told.{{ column }}) over ({{ _in_order(key) }}) is distinct from told.{{ column }}
        {%- endfor %}
{%- endmacro %}

{% macro _in_order(key, of='told') -%}
    partition by {{ _each(key, of) }} order by {{ of }}.fetched_at
{%- endmacro %}

{% macro _each(key, of) -%}
    {%- for column in key %}{{ of }}.{{ column }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{% macro _same(key, one, other) -%}
            {%- for column in key %}
            {{ 'and ' if not loop.first }}{{ one }}.{{ column }} = {{ other }}.{{ column }}
            {%- endfor %}
{%- endmacro %}
