-- How many tickers each session has bars of, from :since on, oldest first.
select
    session_date,
    count(*) as bars
from marts.fct_polygon__stock_bars_performance
where session_date >= :since
group by session_date
order by session_date
