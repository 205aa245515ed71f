-- Every version of the ticker's restated or overruled bars, oldest version first.
select
    session_date,
    version_number,
    version_count,
    known_from,
    known_until,
    open_usd,
    high_usd,
    low_usd,
    close_usd,
    volume_shares,
    vwap_usd,
    transactions,
    is_current,
    is_dropped,
    override_reason
from marts.fct_polygon__bar_versions
where ticker = :ticker
order by session_date, version_number
