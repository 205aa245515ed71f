-- One row a dataset: its newest session and how many tickers have it.
with newest as (
    select max(session_date) as session_date
    from marts.fct_polygon__stock_bars_performance
)

select
    'stock_bars' as dataset,
    newest.session_date as last_session_date,
    count(*) as tickers,
    max(bars.fetched_at) as fetched_at
from marts.fct_polygon__stock_bars_performance as bars
inner join newest on bars.session_date = newest.session_date
group by newest.session_date
