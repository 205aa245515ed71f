{#
    Step 4 of int_polygon__stock_bars_enriched: `signalled`, with the averages that never forget: EMAs, MACD, RSI, ATR.
#}
{% macro stock_bars_averaged() -%}
{%- set ema_12, ema_26, ema_9, wilder_14 = 2 / 13, 2 / 27, 2 / 10, 1 / 14 %}
{%- set in_order = in_listing_order() %}
{%- set in_block = 'partition by security_id, listed_from_date, block_number order by session_date rows between unbounded preceding and current row' %}
{# name: (value, share of a new one, first and last bar of the seed). MACD takes its fast average from the slow one's first bar on. #}
{%- set averages = {
    'ema_12': ('adjusted_close_usd', ema_12, 1, 12),
    'ema_26': ('adjusted_close_usd', ema_26, 1, 26),
    'macd_fast': ('adjusted_close_usd', ema_12, 15, 26),
    'average_gain': ('gain_usd', wilder_14, 2, 15),
    'average_loss': ('loss_usd', wilder_14, 2, 15),
    'atr': ('true_range_usd', wilder_14, 2, 15),
} %}
{# Bars after the last built one of their listing, if that one's averages stand: their blocks begin there. #}
placed as (
    select
        windowed.*,
        {%- for name in averages.keys() | list + ['signal'] %}
        {{ 'continued.' ~ name ~ '_usd' if is_incremental() else 'null::float' }} as {{ name }}_before,
        {%- endfor %}
        {{ 'continued.rsi_14' if is_incremental() else 'null::float' }} as rsi_before,
        windowed.bar_number - 1 {{- ' - coalesce(continued.bar_number, 0)' if is_incremental() }} as bars_before,
        mod(bars_before, {{ recurrence_block() }}) as place,
        floor(bars_before / {{ recurrence_block() }}) as block_number
    from windowed
    {%- if is_incremental() %}
    left join continued
        on
            windowed.security_id = continued.security_id
            and windowed.listed_from_date = continued.listed_from_date
            and continued.bar_number >= {{ first_macd_bar() }}
    where windowed.bar_number > coalesce(continued.bar_number, 0)
    {%- endif %}
),

summed as (
    select
        placed.*
        {%- for name, (value, share, seed_from, seed_until) in averages.items() %},
        sum({{ recurrence_term(value, share, seed_from, seed_until, 'bar_number', 'place') }}) over (
            {{ in_block }}
        ) as {{ name }}_total
        {%- endfor %}
    from placed
),

left_over as (
    select
        security_id,
        listed_from_date,
        block_number + 1 as block_number
        {%- for name, (value, share, seed_from, seed_until) in averages.items() %},
        {{ recurrence_carry(name ~ '_total', share) }} as {{ name }}_left,
        {{ name }}_before
        {%- endfor %}
    from summed
    where place = {{ recurrence_block() - 1 }}
),

carries as (
    select
        security_id,
        listed_from_date,
        block_number
        {%- for name, (value, share, seed_from, seed_until) in averages.items() %},
        {{ name }}_left + pow({{ 1 - share }}::float, {{ recurrence_block() }}) * coalesce(
            lag({{ name }}_left) over (partition by security_id, listed_from_date order by block_number),
            {{ name }}_before,
            0
        ) as {{ name }}_carry
        {%- endfor %}
    from left_over
),

averaged as (
    select
        summed.*,
        {%- for name, (value, share, seed_from, seed_until) in averages.items() %}
        {{ recurrence_value('summed.' ~ name ~ '_total', 'coalesce(carries.' ~ name ~ '_carry, summed.' ~ name ~ '_before, 0)', share, 'summed.place') }} as {{ name }}_usd,
        {%- endfor %}
        macd_fast_usd - ema_26_usd as macd_usd,
        {# Without a change both averages shrink alike, so RSI stays what it was, however little is left of them. #}
        case
            when change_usd = 0 and bar_number > 15 then null
            when average_gain_usd + average_loss_usd = 0 then 0
            else 100 * (average_gain_usd / (average_gain_usd + average_loss_usd))
        end as rsi_of_change
    from summed
    left join carries
        on
            summed.security_id = carries.security_id
            and summed.listed_from_date = carries.listed_from_date
            and summed.block_number = carries.block_number
),

signal_summed as (
    select
        averaged.*,
        sum({{ recurrence_term('macd_usd', ema_9, 26, first_macd_bar(), 'bar_number', 'place') }}) over (
            {{ in_block }}
        ) as signal_total,
        coalesce(
            last_value(rsi_of_change) ignore nulls over (
                {{ in_order }} rows between unbounded preceding and current row
            ),
            rsi_before
        ) as rsi
    from averaged
),

signal_carries as (
    select
        security_id,
        listed_from_date,
        block_number + 1 as block_number,
        {{ recurrence_carry('signal_total', ema_9) }} as signal_carry
    from signal_summed
    where place = {{ recurrence_block() - 1 }}
),

signalled as (
    select
        signal_summed.*,
        {{ recurrence_value('signal_summed.signal_total', 'coalesce(signal_carries.signal_carry, signal_summed.signal_before, 0)', ema_9, 'signal_summed.place') }}
        as macd_signal_usd
    from signal_summed
    left join signal_carries
        on
            signal_summed.security_id = signal_carries.security_id
            and signal_summed.listed_from_date = signal_carries.listed_from_date
            and signal_summed.block_number = signal_carries.block_number
)
{%- endmacro %}
