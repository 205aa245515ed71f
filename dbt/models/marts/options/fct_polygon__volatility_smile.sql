{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_touched_sessions() }}"
    )
}}
{# The out-of-the-money side has the tighter quotes and little that early exercise is worth, so it stands for the strike;
   the other side stands in where it has no volatility. #}
with contracts as (
    {{ chain_contracts() }}
),

strikes as (
    select
        underlying_ticker,
        session_date,
        expiration_date,
        strike_usd,
        max(days_to_expiration) as days_to_expiration,
        max(underlying_close_usd) as underlying_close_usd,
        max(moneyness) as moneyness,
        boolor_agg(is_at_the_money) as is_at_the_money,
        {%- for type in ['call', 'put'] %}
        max(iff(contract_type = '{{ type }}', implied_volatility_pct, null)) as {{ type }}_volatility_pct,
        max(iff(contract_type = '{{ type }}', vendor_implied_volatility_pct, null)) as vendor_{{ type }}_volatility_pct,
        {%- endfor %}
        max(fetched_at) as fetched_at
    from contracts
    group by
        underlying_ticker,
        session_date,
        expiration_date,
        strike_usd
)

select
    underlying_ticker,
    session_date,
    expiration_date,
    days_to_expiration,
    strike_usd,
    underlying_close_usd,
    moneyness,
    is_at_the_money,
    call_volatility_pct,
    put_volatility_pct,
    iff(
        strike_usd >= underlying_close_usd,
        coalesce(call_volatility_pct, put_volatility_pct),
        coalesce(put_volatility_pct, call_volatility_pct)
    ) as smile_volatility_pct,
    vendor_call_volatility_pct,
    vendor_put_volatility_pct,
    fetched_at,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from strikes
where coalesce(call_volatility_pct, put_volatility_pct) is not null
