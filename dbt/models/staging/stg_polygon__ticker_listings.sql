select
    ticker,
    listing_kind,
    listing_date,
    ticker_name,
    market,
    locale,
    primary_exchange,
    security_type,
    currency,
    cik,
    composite_figi,
    share_class_figi,
    list_date,
    vendor_updated_at,
    fetched_at,
    manifest_id,
    recorded_at
from {{ ref('snapshot_polygon__ticker_listings') }}
where {{ is_known() }}
