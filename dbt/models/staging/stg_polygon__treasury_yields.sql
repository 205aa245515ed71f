select
    yield_date,
    {%- for column in yield_columns() %}
    {{ column }},
    {%- endfor %}
    fetched_at,
    manifest_id,
    recorded_at,
    override_reason
from {{ ref('stg_polygon__treasury_yields_versions') }}
where
    {{ is_known() }}
    and not is_dropped
