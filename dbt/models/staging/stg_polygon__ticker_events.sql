select
    security_key,
    event_date,
    ticker,
    event_type,
    security_name,
    composite_figi,
    cik,
    asked_id,
    fetched_at,
    manifest_id,
    recorded_at
from {{ ref('snapshot_polygon__ticker_events') }}
where {{ is_known() }}
