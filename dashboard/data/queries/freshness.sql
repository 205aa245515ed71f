-- A chain also lists contracts that did not trade; those have no bar.
-- One row a dataset: its newest session, how many tickers or contracts have it, and when the newest was fetched.
with newest as (
    select
        'stock_bars' as dataset,
        max(session_date) as session_date
    from marts.fct_polygon__stock_bars_performance
    union all
    select
        'option_bars' as dataset,
        max(session_date) as session_date
    from marts.fct_polygon__option_chain
    where close_usd is not null
),

bars as (
    select
        'stock_bars' as dataset,
        session_date,
        fetched_at
    from marts.fct_polygon__stock_bars_performance
    union all
    select
        'option_bars' as dataset,
        session_date,
        fetched_at
    from marts.fct_polygon__option_chain
    where close_usd is not null
)

select
    newest.dataset,
    newest.session_date as last_session_date,
    count(bars.session_date) as bars,
    max(bars.fetched_at) as fetched_at
from newest
left join bars
    on newest.dataset = bars.dataset and newest.session_date = bars.session_date
group by newest.dataset, newest.session_date
order by newest.dataset desc
