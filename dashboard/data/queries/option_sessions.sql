-- The sessions that the underlying's chain has, newest first.
select
    session_date,
    count(*) as contracts
from marts.fct_polygon__option_chain
where underlying_ticker = :underlying
group by session_date
order by session_date desc
limit 260
