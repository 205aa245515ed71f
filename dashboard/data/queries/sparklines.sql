-- The closes of the securities in :securities, a JSON list, from :since to :until, oldest first.
select
    security_id,
    session_date,
    adjusted_close_usd
from marts.fct_polygon__stock_bars_performance
where
    session_date >= :since
    and session_date <= :until
    and security_id in (select listed.value::varchar from table(flatten(input => parse_json(:securities))) as listed)
order by security_id, session_date
