select
    session_date,
    put_call_volume_ratio,
    put_call_open_interest_ratio
from marts.fct_polygon__put_call_ratio
where underlying_ticker = :underlying
order by session_date
