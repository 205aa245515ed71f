select
    yield_date,
    {%- for column in yield_columns() %}
    {{ column }},
    {%- endfor %}
    fetched_at,
    manifest_id,
    recorded_at
from {{ ref('snapshot_polygon__treasury_yields') }}
where {{ is_known() }}
