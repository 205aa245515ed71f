-- Every bar of a ticker that was restated, with what changed from version to version and when we came to know it.
set ticker = 'AAPL';

select
    session_date,
    version_number,
    version_count,
    known_from,
    close_usd,
    close_usd - lag(close_usd) over (partition by session_date order by version_number) as close_change_usd,
    volume_shares,
    volume_shares
    - lag(volume_shares) over (partition by session_date order by version_number) as volume_change_shares,
    is_current
from marts.fct_polygon__bar_versions
where ticker = $ticker
order by session_date desc, version_number asc;
