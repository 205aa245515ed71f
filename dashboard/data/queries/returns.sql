-- Daily log returns of the tickers in :tickers, a JSON list, oldest first.
select
    ticker,
    session_date,
    log_return,
    fetched_at
from marts.fct_polygon__stock_bars_performance
where
    session_date >= :since
    and ticker in (select listed.value::varchar from table(flatten(input => parse_json(:tickers))) as listed)
order by session_date, ticker
