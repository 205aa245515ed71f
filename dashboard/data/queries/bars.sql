select
    session_date,
    open_usd,
    high_usd,
    low_usd,
    close_usd,
    volume_shares,
    adjusted_open_usd,
    adjusted_high_usd,
    adjusted_low_usd,
    adjusted_close_usd,
    adjusted_volume_shares,
    sma_20_usd,
    sma_50_usd,
    sma_120_usd,
    simple_return_pct,
    volatility_21d_pct,
    split_factor,
    fetched_at
from marts.fct_polygon__stock_bars_performance
where ticker = :ticker
order by session_date
