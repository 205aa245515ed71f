{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['dataset', 'manifest_id']
    )
}}
-- depends_on: {{ ref('stg_polygon__manifests_pending') }}

with
{% for dataset in datasets() %}
{{ context['received_' ~ dataset](pending_only=is_incremental()) }}{{ ',' if not loop.last }}

{% endfor %}

{% for dataset in datasets() %}
{%- set columns = history_columns(dataset) %}
select
    '{{ dataset }}' as dataset,
    manifest_id,
    object_key,
    line_number,
    result_index,
    fetched_at,
    rejection_reason,
    {{ columns.symbol or 'null::varchar' }} as symbol,
    {{ columns.date }} as row_date,
    {{ 'iff(' ~ columns.withdrawable ~ ', ' ~ row_key(dataset) ~ ', null)' if columns.withdrawable else row_key(dataset) }} as row_key,
    result
from {{ dataset }}_received
where rejection_reason is not null
{% if not loop.last %}
union all
{% endif %}
{% endfor %}
