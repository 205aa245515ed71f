-- Of the security that has the underlying's ticker in its newest session, under each of its tickers.
select
    session_date,
    put_call_volume_ratio,
    put_call_open_interest_ratio
from marts.fct_polygon__put_call_ratio
where
    underlying_security_id = (
        select max_by(named.underlying_security_id, named.session_date)
        from marts.fct_polygon__put_call_ratio as named
        where named.underlying_ticker = :underlying
    )
order by session_date
