{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['ticker', 'session_date'],
        pre_hook="{{ forget_withdrawn_bars() }}"
    )
}}
-- depends_on: {{ ref('snapshot_polygon__stock_bars') }}
-- depends_on: {{ ref('stg_polygon__stock_bars_versions') }}
-- depends_on: {{ ref('stg_polygon__splits_versions') }}
-- depends_on: {{ ref('stg_polygon__dividends_versions') }}
-- depends_on: {{ ref('int_polygon__splits_chosen') }}
-- depends_on: {{ ref('int_polygon__ticker_spans') }}
{# docs/adr/0006: how averages with an endless memory come out exact without going bar by bar, also from where the last
   build ended. A later build computes the bars that `touched` names, over the built bars that their windows reach. #}
with
{%- if is_incremental() %}
{{ stock_bars_touched() }}

{% endif %}
{{ stock_bars_adjusted() }},

{{ stock_bars_paid() }},

{{ stock_bars_windowed() }},

{{ stock_bars_averaged() }}

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
    listed_from_date,
    window_from_date,
    bar_number,
    simple_return_pct,
    log_return,
    sma_20_usd,
    sma_50_usd,
    sma_120_usd,
    sma_200_usd,
    iff(bar_number >= 12, ema_12_usd, null) as ema_12_usd,
    iff(bar_number >= 26, ema_26_usd, null) as ema_26_usd,
    iff(bar_number >= {{ first_macd_bar() }}, macd_usd, null) as macd_usd,
    iff(bar_number >= {{ first_macd_bar() }}, macd_signal_usd, null) as macd_signal_usd,
    iff(bar_number >= {{ first_macd_bar() }}, macd_usd - macd_signal_usd, null) as macd_histogram_usd,
    iff(bar_number >= 15, average_gain_usd, null) as average_gain_usd,
    iff(bar_number >= 15, average_loss_usd, null) as average_loss_usd,
    iff(bar_number >= 15, rsi, null) as rsi_14,
    iff(bar_number >= 15, atr_usd, null) as atr_14_usd,
    sma_20_usd + 2 * deviation_20_usd as bollinger_upper_usd,
    sma_20_usd - 2 * deviation_20_usd as bollinger_lower_usd,
    deviation_of_returns_21 * sqrt(252) * 100 as volatility_21d_pct,
    deviation_of_returns_63 * sqrt(252) * 100 as volatility_63d_pct,
    running_high_usd,
    (adjusted_close_usd / running_high_usd - 1) * 100 as drawdown_pct,
    high_52w_usd,
    low_52w_usd,
    average_dollar_volume_20d_usd,
    iff(
        override_reason is null,
        event_override_reason,
        override_reason || coalesce('; ' || event_override_reason, '')
    ) as override_reason,
    fetched_at,
    {{ newest_known() }} as recorded_at
from signalled
where not is_built
order by session_date, ticker
