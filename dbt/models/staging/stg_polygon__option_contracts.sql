select
    contract_ticker,
    underlying_ticker,
    contract_type,
    exercise_style,
    expiration_date,
    strike_usd,
    shares_per_contract,
    primary_exchange,
    has_additional_underlyings,
    additional_deliverables,
    fetched_at,
    manifest_id,
    recorded_at,
    override_reason
from {{ ref('stg_polygon__option_contracts_versions') }}
where
    {{ is_known() }}
    and not is_dropped
