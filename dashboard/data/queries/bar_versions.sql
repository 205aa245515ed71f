-- Every version of the security's restated or overruled bars, oldest version first.
select
    versions.ticker,
    versions.session_date,
    versions.version_number,
    versions.version_count,
    versions.known_from,
    versions.known_until,
    versions.open_usd,
    versions.high_usd,
    versions.low_usd,
    versions.close_usd,
    versions.volume_shares,
    versions.vwap_usd,
    versions.transactions,
    versions.is_current,
    versions.is_dropped,
    versions.override_reason
from marts.fct_polygon__bar_versions as versions
inner join marts.dim_polygon__securities as securities
    on
        versions.ticker = securities.ticker
        and securities.known_until is null
        and coalesce(versions.session_date >= securities.valid_from, true)
        and coalesce(versions.session_date < securities.valid_until, true)
where securities.security_id = :security
order by versions.session_date, versions.version_number
