{# What was known last of every contract, also of one that is no longer listed: its bars stay, and so do their terms. #}
select
    contract_ticker,
    underlying_ticker,
    contract_type,
    exercise_style,
    expiration_date,
    strike_usd,
    shares_per_contract,
    has_additional_underlyings,
    additional_deliverables,
    recorded_at,
    override_reason
from {{ ref('stg_polygon__option_contracts_versions') }}
where
    not is_dropped
{%- if var('as_of', none) %}
    and dbt_valid_from <= '{{ var('as_of') }}'::timestamp_ntz
{%- endif %}
qualify row_number() over (
    partition by contract_ticker
    order by dbt_valid_from desc
) = 1
