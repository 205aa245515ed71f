{{ config(meta={'sorted_by': ['ticker']}) }}

with traded as (
    select
        ticker,
        min(first_session_date) as first_session_date,
        max(last_session_date) as last_session_date,
        sum(session_count) as session_count,
        max_by(last_close_usd, last_session_date) as last_close_usd
    from {{ ref('int_polygon__ticker_years') }}
    group by ticker
),

spans as (
    select
        ticker,
        security_id,
        valid_from,
        first_value(ticker) over (
            partition by security_id
            order by
                valid_until desc nulls first,
                valid_from desc nulls last,
                ticker asc
        ) as newest_ticker,
        first_value(valid_from) over (
            partition by security_id
            order by
                valid_until desc nulls first,
                valid_from desc nulls last,
                ticker asc
        ) as newest_from_date
    from {{ ref('int_polygon__ticker_spans') }}
    where known_until is null
),

{# Whose it is now, or was last. #}
held as (
    select *
    from spans
    qualify row_number() over (
        partition by ticker
        order by valid_from desc nulls last
    ) = 1
)

select
    coalesce(tickers.ticker, traded.ticker) as ticker,
    coalesce(held.security_id, 'ticker:' || coalesce(tickers.ticker, traded.ticker)) as security_id,
    iff(held.newest_ticker = held.ticker, null, held.newest_ticker) as renamed_to,
    iff(held.newest_ticker = held.ticker, null, held.newest_from_date) as renamed_date,
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
left join held
    on coalesce(tickers.ticker, traded.ticker) = held.ticker
