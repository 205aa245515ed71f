-- Every ticker with a bar in the newest session.
select
    bars.ticker,
    bars.security_id,
    tickers.ticker_name,
    tickers.security_type,
    tickers.primary_exchange,
    tickers.data_origin,
    bars.session_date,
    bars.close_usd,
    bars.simple_return_pct,
    bars.volume_shares,
    bars.average_dollar_volume_20d_usd,
    bars.rsi_14,
    bars.volatility_21d_pct,
    bars.drawdown_pct,
    100 * (bars.adjusted_close_usd / nullif(bars.sma_50_usd, 0) - 1) as above_sma_50_pct,
    100 * (bars.adjusted_close_usd / nullif(bars.sma_200_usd, 0) - 1) as above_sma_200_pct,
    100 * (bars.adjusted_close_usd / nullif(bars.high_52w_usd, 0) - 1) as above_high_52w_pct,
    bars.macd_histogram_usd,
    bars.override_reason,
    bars.fetched_at
from marts.fct_polygon__stock_bars_performance as bars
left join marts.dim_polygon__tickers as tickers
    on bars.ticker = tickers.ticker
where bars.session_date = (select max(session_date) from marts.fct_polygon__stock_bars_performance)
order by bars.ticker
