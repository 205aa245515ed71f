-- The newest closes of the tickers in :tickers, a JSON list, oldest first.
select
    ticker,
    session_date,
    adjusted_close_usd
from marts.fct_polygon__stock_bars_performance
where
    session_date >= :since
    and ticker in (select listed.value::varchar from table(flatten(input => parse_json(:tickers))) as listed)
order by ticker, session_date
