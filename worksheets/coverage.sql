-- How many tickers have a bar in each session, against the median of the sessions around it: where some are missing.
set since = '2025-11-01';

with sessions as (
    select
        session_date,
        count(*) as tickers,
        sum(volume_shares) as volume_shares
    from marts.fct_polygon__stock_bars_performance
    where session_date >= to_date($since)
    group by session_date
),

neighbours as (
    select
        sessions.session_date,
        median(around.tickers) as usual_tickers
    from sessions
    inner join sessions as around
        on
            around.session_date between dateadd(day, -10, sessions.session_date)
            and dateadd(day, 10, sessions.session_date)
    group by sessions.session_date
)

select
    sessions.session_date,
    sessions.tickers,
    neighbours.usual_tickers,
    round(100 * sessions.tickers / neighbours.usual_tickers, 1) as coverage_pct,
    sessions.volume_shares,
    suspects.fetches as suspect_fetches
from sessions
inner join neighbours on sessions.session_date = neighbours.session_date
left join ops.suspect_sessions as suspects
    on sessions.session_date = suspects.session_date and suspects.dataset = 'stock_bars'
order by coverage_pct asc, sessions.session_date desc;
