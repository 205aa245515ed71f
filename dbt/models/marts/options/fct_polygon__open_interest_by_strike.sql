{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_touched_sessions() }}"
    )
}}
with contracts as (
    {{ chain_contracts() }}
)

select
    underlying_ticker,
    session_date,
    expiration_date,
    strike_usd,
    {%- for type in ['call', 'put'] %}
    sum(iff(contract_type = '{{ type }}', open_interest_contracts, null)) as {{ type }}_open_interest_contracts,
    sum(iff(contract_type = '{{ type }}', volume_contracts, null)) as {{ type }}_volume_contracts,
    {%- endfor %}
    max(underlying_close_usd) as underlying_close_usd,
    max(fetched_at) as fetched_at,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from contracts
group by
    underlying_ticker,
    session_date,
    expiration_date,
    strike_usd
