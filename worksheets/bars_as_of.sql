-- The bars of a ticker as they were known at a moment (UTC): unadjusted, one row a session, nothing that came later.
-- A bar that was never restated has one version, known from when it was fetched.
set ticker = 'AAPL';
set known_at = '2026-11-12 21:00:00';

with versions as (
    select
        session_date,
        known_from,
        known_until,
        open_usd,
        high_usd,
        low_usd,
        close_usd,
        volume_shares,
        version_number
    from marts.fct_polygon__bar_versions
    where ticker = $ticker
    union all
    select
        bars.session_date,
        bars.fetched_at as known_from,
        null as known_until,
        bars.open_usd,
        bars.high_usd,
        bars.low_usd,
        bars.close_usd,
        bars.volume_shares,
        1 as version_number
    from marts.fct_polygon__stock_bars_performance as bars
    where
        bars.ticker = $ticker
        and not exists (
            select 1
            from marts.fct_polygon__bar_versions as restated
            where restated.ticker = bars.ticker and restated.session_date = bars.session_date
        )
)

select
    session_date,
    open_usd,
    high_usd,
    low_usd,
    close_usd,
    volume_shares,
    version_number,
    known_from,
    known_until
from versions
where
    known_from <= to_timestamp_ntz($known_at)
    and (known_until is null or known_until > to_timestamp_ntz($known_at))
order by session_date desc;
