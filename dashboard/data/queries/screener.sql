-- The universe of a day: every security with a bar in the newest session, or in the newest until :day (YYYY-MM-DD, else
-- an empty text), under the ticker and the name that it had then. What was delisted since is there too.
select
    bars.ticker,
    bars.security_id,
    coalesce(securities.security_name, tickers.ticker_name) as ticker_name,
    coalesce(securities.security_type, tickers.security_type) as security_type,
    tickers.primary_exchange,
    tickers.data_origin,
    bars.session_date,
    bars.close_usd,
    bars.simple_return_pct,
    bars.volume_shares,
    bars.average_dollar_volume_20d_usd,
    bars.rsi_14,
    bars.volatility_21d_pct,
    bars.volatility_63d_pct,
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
left join marts.dim_polygon__securities as securities
    on
        bars.ticker = securities.ticker
        and bars.security_id = securities.security_id
        and securities.known_until is null
        and coalesce(bars.session_date >= securities.valid_from, true)
        and coalesce(bars.session_date < securities.valid_until, true)
where bars.session_date = (
    select max(sessions.session_date)
    from marts.fct_polygon__stock_bars_performance as sessions
    where
        :day = ''
        or sessions.session_date <= try_to_date(:day, 'YYYY-MM-DD')
)
order by bars.ticker
