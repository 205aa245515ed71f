{# Rebuilt in full: a new split changes a ticker's whole history, and averages need the bars before the new ones. #}
{%- set in_order = 'partition by ticker order by session_date' %}
with adjusted as (
    select
        bars.ticker,
        bars.session_date,
        bars.open_usd,
        bars.high_usd,
        bars.low_usd,
        bars.close_usd,
        bars.volume_shares,
        bars.vwap_usd,
        bars.transactions,
        coalesce(factors.split_factor, 1) as split_factor,
        bars.open_usd * coalesce(factors.split_factor, 1) as adjusted_open_usd,
        bars.high_usd * coalesce(factors.split_factor, 1) as adjusted_high_usd,
        bars.low_usd * coalesce(factors.split_factor, 1) as adjusted_low_usd,
        bars.close_usd * coalesce(factors.split_factor, 1) as adjusted_close_usd,
        bars.volume_shares / coalesce(factors.split_factor, 1) as adjusted_volume_shares,
        bars.fetched_at
    from {{ ref('stg_polygon__stock_bars_casted') }} as bars
    left join {{ ref('int_polygon__split_factors') }} as factors
        on
            bars.ticker = factors.ticker
            and bars.session_date >= factors.applies_from
            and bars.session_date < factors.applies_before
),

returns as (
    select
        adjusted.*,
        lag(adjusted_close_usd) over ({{ in_order }}) as previous_close_usd,
        (adjusted_close_usd / previous_close_usd - 1) * 100 as simple_return_pct,
        ln(adjusted_close_usd / previous_close_usd) as log_return
    from adjusted
)

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
    {%- for sessions in [20, 50, 120] %}
    {{ full_window('avg', 'adjusted_close_usd', in_order, sessions) }} as sma_{{ sessions }}_usd,
    {%- endfor %}
    {{ full_window('stddev_samp', 'log_return', in_order, 21) }} * sqrt(252) * 100 as volatility_21d_pct,
    fetched_at
from returns
