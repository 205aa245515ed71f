{# Catches an override that has no effect: of a row that no history holds, a field that there isn't, a value that it can't
   hold. The procedure refuses these; one can still come in by another way, or lose its row when raw is loaded again. #}
{{ config(severity='warn') }}
with decisions as (
    select *
    from {{ ref('snapshot_polygon__overrides') }}
    where not is_retracted
    qualify row_number() over (
        partition by dataset, row_key, field
        order by known_from desc, override_id desc
    ) = 1
),

known as (
    {%- for dataset in overridable_datasets() %}
    {%- set shape = overridable(dataset) %}
    select
        decisions.override_id,
        {{ is_possible_override(dataset, 'decisions') }} as is_possible
    from decisions
    inner join {{ ref(shape.history) }} as versions
        on
            {%- for column in shape.key %}
            {{ 'and ' if not loop.first }}{{ override_key(dataset, column, 'decisions.row_key') }} = versions.{{ column }}
            {%- endfor %}
    where decisions.dataset = '{{ dataset }}'
    {{ 'union distinct' if not loop.last }}
    {%- endfor %}
)

select
    decisions.dataset,
    decisions.row_key,
    decisions.field,
    decisions.value,
    decisions.reason,
    decisions.author,
    decisions.known_from,
    iff(known.override_id is null, 'no history holds the row', 'the field cannot hold the value') as problem
from decisions
left join known
    on decisions.override_id = known.override_id
where not coalesce(known.is_possible, false)
