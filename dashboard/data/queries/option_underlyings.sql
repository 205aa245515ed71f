select
    underlying_ticker,
    max(session_date) as last_session_date
from marts.fct_polygon__put_call_ratio
group by underlying_ticker
order by underlying_ticker
