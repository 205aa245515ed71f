-- One row a restatement, the newest first: what the bar said before and after. An empty :ticker means every ticker.
with versions as (
    select
        ticker,
        session_date,
        version_number,
        version_count,
        known_from,
        open_usd,
        high_usd,
        low_usd,
        close_usd,
        volume_shares,
        is_dropped,
        override_reason,
        lag(open_usd) over (partition by ticker, session_date order by version_number) as before_open_usd,
        lag(high_usd) over (partition by ticker, session_date order by version_number) as before_high_usd,
        lag(low_usd) over (partition by ticker, session_date order by version_number) as before_low_usd,
        lag(close_usd) over (partition by ticker, session_date order by version_number) as before_close_usd,
        lag(volume_shares) over (partition by ticker, session_date order by version_number) as before_volume_shares
    from marts.fct_polygon__bar_versions
    where :ticker = '' or ticker = :ticker
)

select
    ticker,
    session_date,
    version_number,
    version_count,
    known_from,
    open_usd,
    high_usd,
    low_usd,
    close_usd,
    volume_shares,
    is_dropped,
    override_reason,
    before_open_usd,
    before_high_usd,
    before_low_usd,
    before_close_usd,
    before_volume_shares
from versions
where version_number > 1
order by known_from desc, ticker asc, session_date asc, version_number desc
limit :rows
