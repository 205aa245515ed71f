{#
    What ops.overrides held when a build looked: all models of a build read the same, and an override that committed
    late, with an earlier time, is found by its id as a manifest is, not missed by a watermark.
#}
{{ config(incremental_strategy='append') }}

select
    entered.override_id,
    entered.dataset,
    entered.row_key,
    entered.field,
    entered.value,
    entered.is_retracted,
    entered.reason,
    entered.author,
    entered.known_from,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from {{ source('ops', 'overrides') }} as entered
{%- if is_incremental() %}
left join {{ this }} as taken_up
    on entered.override_id = taken_up.override_id
where taken_up.override_id is null
{%- endif %}
