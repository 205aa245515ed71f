-- Daily log returns of the securities in :securities, a JSON list, oldest first.
select
    security_id,
    session_date,
    log_return,
    fetched_at
from marts.fct_polygon__stock_bars_performance
where
    session_date >= :since
    and security_id in (select listed.value::varchar from table(flatten(input => parse_json(:securities))) as listed)
order by session_date, security_id
