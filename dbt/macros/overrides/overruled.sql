{#
    Every version of every row of a dataset, with what ops.overrides said at its time: the vendor's history, and in it
    the rows that somebody has ever overruled, cut where an override begins or ends.

    An override holds over all versions of its row from when it was entered until the next one of the same field, also
    over what the vendor sends meanwhile; a retraction is one that leaves the vendor's value alone. A dropped row stays
    here with `is_dropped`, so that what is built finds out about it.

    Rows that nobody has overruled come first and by themselves: a filter on their recorded_at reaches the history.
#}
{% macro overruled(dataset) %}
{%- set shape = overridable(dataset) %}
{%- set key, fields = shape.key, shape.fields %}
{%- set carried = history_columns(dataset).get('carried', []) %}
with decisions as (
    select
        entered.*,
        lead(entered.known_from) over (
            partition by entered.row_key, entered.field
            order by entered.known_from, entered.override_id
        ) as known_until
    from {{ ref('snapshot_polygon__overrides') }} as entered
    where
        entered.dataset = '{{ dataset }}'
        and {{ is_possible_override(dataset, 'entered') }}
),

overruled as (
    select
        decisions.row_key,
        {%- for column in key %}
        {{ override_key(dataset, column, 'decisions.row_key') }} as {{ column }},
        {%- endfor %}
        max(decisions.recorded_at) as recorded_at
    from decisions
    group by decisions.row_key
),

held as (
    select
        versions.*,
        overruled.row_key,
        greatest(versions.recorded_at, overruled.recorded_at) as seen_at
    from {{ ref(shape.history) }} as versions
    inner join overruled
        on
            {%- for column in key %}
            {{ 'and ' if not loop.first }}versions.{{ column }} = overruled.{{ column }}
            {%- endfor %}
),

moments as (
    select
        row_key,
        dbt_valid_from as known_from
    from held
    union distinct
    select
        row_key,
        dbt_valid_to as known_from
    from held
    where dbt_valid_to is not null
    union distinct
    select
        row_key,
        known_from
    from decisions
),

spans as (
    select
        moments.row_key,
        moments.known_from,
        lead(moments.known_from) over (partition by moments.row_key order by moments.known_from) as known_until
    from moments
),

in_force as (
    select
        spans.row_key,
        spans.known_from,
        {%- for field, type in fields.items() %}
        max(iff(decisions.field = '{{ field }}', decisions.value, null)) as {{ field }},
        count_if(decisions.field = '{{ field }}') > 0 as has_{{ field }},
        {%- endfor %}
        count_if(decisions.field = 'drop') > 0 as is_dropped,
        listagg(decisions.field || ': ' || decisions.reason || ' (' || decisions.author || ')', '; ')
            within group (order by decisions.field) as override_reason
    from spans
    inner join decisions
        on
            spans.row_key = decisions.row_key
            and spans.known_from >= decisions.known_from
            and (decisions.known_until is null or spans.known_from < decisions.known_until)
    where not decisions.is_retracted
    group by
        spans.row_key,
        spans.known_from
)

select
    {%- for column in key + fields.keys() | list + carried %}
    versions.{{ column }},
    {%- endfor %}
    versions.fetched_at,
    versions.manifest_id,
    versions.recorded_at,
    versions.dbt_valid_from,
    versions.dbt_valid_to,
    false as is_dropped,
    null::varchar as override_reason
from {{ ref(shape.history) }} as versions
left join overruled
    on
        {%- for column in key %}
        {{ 'and ' if not loop.first }}versions.{{ column }} = overruled.{{ column }}
        {%- endfor %}
where overruled.row_key is null
union all
select
    {%- for column in key %}
    held.{{ column }},
    {%- endfor %}
    {%- for field, type in fields.items() %}
    iff(coalesce(in_force.has_{{ field }}, false), {{ override_value('in_force.' ~ field, type) }}, held.{{ field }}) as {{ field }},
    {%- endfor %}
    {%- for column in carried %}
    held.{{ column }},
    {%- endfor %}
    spans.known_from as fetched_at,
    held.manifest_id,
    held.seen_at as recorded_at,
    spans.known_from as dbt_valid_from,
    spans.known_until as dbt_valid_to,
    coalesce(in_force.is_dropped, false) as is_dropped,
    in_force.override_reason
from held
inner join spans
    on
        held.row_key = spans.row_key
        and spans.known_from >= held.dbt_valid_from
        and (held.dbt_valid_to is null or spans.known_from < held.dbt_valid_to)
left join in_force
    on
        spans.row_key = in_force.row_key
        and spans.known_from = in_force.known_from
{% endmacro %}
