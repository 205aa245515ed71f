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
select
    '{{ dataset }}' as dataset,
    manifest_id,
    object_key,
    line_number,
    result_index,
    fetched_at,
    rejection_reason,
    result
from {{ dataset }}_received
where rejection_reason is not null
{% if not loop.last %}
union all
{% endif %}
{% endfor %}
