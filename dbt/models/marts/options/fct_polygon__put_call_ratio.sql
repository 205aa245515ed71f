{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_touched_sessions() }}"
    )
}}
-- depends_on: {{ ref('stg_polygon__options_bars_versions') }}
-- depends_on: {{ ref('stg_polygon__option_chain_versions') }}
{# Adjusted contracts count too: they are puts and calls of the underlying like others. #}
with counted as (
    select
        underlying_ticker,
        max(underlying_security_id) as underlying_security_id,
        session_date,
        {%- for type in ['put', 'call'] %}
        sum(iff(contract_type = '{{ type }}', volume_contracts, null)) as {{ type }}_volume_contracts,
        sum(iff(contract_type = '{{ type }}', open_interest_contracts, null)) as {{ type }}_open_interest_contracts,
        {%- endfor %}
        count(*) as contracts,
        count_if(open_interest_contracts is null) as contracts_without_open_interest,
        count_if(open_interest_contracts is null and last_trading_date <= session_date) as expired_without_open_interest,
        max(fetched_at) as fetched_at
    from {{ ref('int_polygon__options_bars_enriched') }}
    {%- if is_incremental() %}
    where session_date in (
        {{ touched_sessions() }}
    )
    {%- endif %}
    group by
        underlying_ticker,
        session_date
)

select
    underlying_ticker,
    underlying_security_id,
    session_date,
    put_volume_contracts,
    call_volume_contracts,
    put_volume_contracts / nullif(call_volume_contracts, 0) as put_call_volume_ratio,
    put_open_interest_contracts,
    call_open_interest_contracts,
    put_open_interest_contracts / nullif(call_open_interest_contracts, 0) as put_call_open_interest_ratio,
    contracts,
    contracts_without_open_interest,
    expired_without_open_interest,
    fetched_at,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from counted
