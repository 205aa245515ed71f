select
    ticker,
    session_date,
    open_usd,
    high_usd,
    low_usd,
    close_usd,
    volume_shares,
    vwap_usd,
    transactions,
    split_factor,
    adjusted_open_usd,
    adjusted_high_usd,
    adjusted_low_usd,
    adjusted_close_usd,
    adjusted_volume_shares,
    simple_return_pct,
    log_return,
    sma_20_usd,
    sma_50_usd,
    sma_120_usd,
    volatility_21d_pct,
    fetched_at
from {{ ref('int_polygon__stock_bars_enriched') }}
{# One ticker's history is what readers ask for: together on disk, it is read without the others. #}
order by ticker, session_date
