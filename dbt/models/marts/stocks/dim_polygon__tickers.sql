{{ config(meta={'sorted_by': ['ticker']}) }}

with traded as (
    select
        ticker,
        min(session_date) as first_session_date,
        max(session_date) as last_session_date,
        count(*) as session_count,
        max_by(close_usd, session_date) as last_close_usd
    from {{ ref('stg_polygon__stock_bars_casted') }}
    group by ticker
)

select
    coalesce(tickers.ticker, traded.ticker) as ticker,
    tickers.ticker_name,
    tickers.market,
    tickers.primary_exchange,
    tickers.security_type,
    tickers.is_active,
    case
        when tickers.ticker_name like '%[replayed]' then 'replayed'
        when tickers.ticker_name like '%[synthetic]' then 'synthetic'
        when tickers.ticker_name is not null then 'market'
        else 'unknown'
    end as data_origin,
    traded.first_session_date,
    traded.last_session_date,
    coalesce(traded.session_count, 0) as session_count,
    traded.last_close_usd
from {{ ref('stg_polygon__tickers') }} as tickers
full outer join traded
    on tickers.ticker = traded.ticker
