{# One security's history is what readers ask for: together on disk, it is read without the others. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['ticker', 'session_date'],
        pre_hook="{{ forget_withdrawn_bars() }}",
        meta={'sorted_by': ['security_id', 'session_date']}
    )
}}
-- depends_on: {{ ref('stg_polygon__stock_bars_versions') }}

select
    ticker,
    security_id,
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
    total_return_close_usd,
    dividend_usd,
    split_from,
    split_to,
    simple_return_pct,
    log_return,
    sma_20_usd,
    sma_50_usd,
    sma_120_usd,
    sma_200_usd,
    ema_12_usd,
    ema_26_usd,
    macd_usd,
    macd_signal_usd,
    macd_histogram_usd,
    rsi_14,
    atr_14_usd,
    bollinger_upper_usd,
    bollinger_lower_usd,
    volatility_21d_pct,
    volatility_63d_pct,
    drawdown_pct,
    high_52w_usd,
    low_52w_usd,
    average_dollar_volume_20d_usd,
    override_reason,
    fetched_at,
    recorded_at
from {{ ref('int_polygon__stock_bars_enriched') }}
{%- if is_incremental() %}
where recorded_at > {{ newest_recorded(this) }}
{%- endif %}
