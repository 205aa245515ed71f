-- Splits that were executed with a session from :since on, the newest first.
select
    ticker,
    session_date,
    split_from,
    split_to
from marts.fct_polygon__stock_bars_performance
where
    session_date >= :since
    and split_from is not null
order by session_date desc, ticker asc
limit :rows
