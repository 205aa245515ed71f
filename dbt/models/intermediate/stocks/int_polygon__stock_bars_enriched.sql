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
{%- set bar_columns = ['ticker', 'security_id', 'session_date', 'open_usd', 'high_usd', 'low_usd', 'close_usd', 'volume_shares', 'vwap_usd']
    + ['transactions', 'split_factor', 'adjusted_open_usd', 'adjusted_high_usd', 'adjusted_low_usd', 'adjusted_close_usd']
    + ['adjusted_volume_shares', 'override_reason', 'fetched_at'] %}
{%- set longest_window, first_macd_bar, few_bars = 252, 34, 10 %}
{%- set in_order = 'partition by security_id, listed_from_date order by session_date' %}
{%- set in_block = 'partition by security_id, listed_from_date, block_number order by session_date rows between unbounded preceding and current row' %}
{%- set ema_12, ema_26, ema_9, wilder_14 = 2 / 13, 2 / 27, 2 / 10, 1 / 14 %}
{# name: (value, share of a new one, first and last bar of the seed). MACD takes its fast average from the slow one's first bar on. #}
{%- set averages = {
    'ema_12': ('adjusted_close_usd', ema_12, 1, 12),
    'ema_26': ('adjusted_close_usd', ema_26, 1, 26),
    'macd_fast': ('adjusted_close_usd', ema_12, 15, 26),
    'average_gain': ('gain_usd', wilder_14, 2, 15),
    'average_loss': ('loss_usd', wilder_14, 2, 15),
    'atr': ('true_range_usd', wilder_14, 2, 15),
} %}
{%- set high, low = 'coalesce(adjusted_high_usd, adjusted_close_usd)', 'coalesce(adjusted_low_usd, adjusted_close_usd)' %}
{# name: (aggregate, value, bars, first bar that has the value, whether later ones can lack it). #}
{%- set windows = {
    'sma_20_usd': ('avg', 'adjusted_close_usd', 20, 1, false),
    'sma_50_usd': ('avg', 'adjusted_close_usd', 50, 1, false),
    'sma_120_usd': ('avg', 'adjusted_close_usd', 120, 1, false),
    'sma_200_usd': ('avg', 'adjusted_close_usd', 200, 1, false),
    'deviation_20_usd': ('stddev_pop', 'adjusted_close_usd', 20, 1, false),
    'deviation_of_returns_21': ('stddev_samp', 'log_return', 21, 2, false),
    'deviation_of_returns_63': ('stddev_samp', 'log_return', 63, 2, false),
    'high_52w_usd': ('max', high, longest_window, 1, false),
    'low_52w_usd': ('min', low, longest_window, 1, false),
    'average_dollar_volume_20d_usd': ('avg', 'dollar_volume_usd', 20, 1, true),
} %}
with
{%- if is_incremental() %}
{{ stock_bars_touched() }}

{# Where few bars go on after many, windows over all of them for the few are dear: these tickers have the last built bar
   alone before them, and what is behind each new bar is summed up for it. With nothing built before bar 34, averages begin anew. #}
few as (
    select
        continued.security_id,
        continued.session_date
    from continued
    inner join touched
        on continued.security_id = touched.security_id
    where continued.bar_number >= {{ first_macd_bar }}
    group by
        continued.security_id,
        continued.session_date
    having count(*) <= {{ few_bars }}
),

{% endif %}
adjusted as (
    select
        bars.ticker,
        {{ 'bars.security_id' if is_incremental() else security_of('bars') }} as security_id,
        bars.session_date,
        bars.open_usd,
        bars.high_usd,
        bars.low_usd,
        bars.close_usd,
        bars.volume_shares,
        bars.vwap_usd,
        bars.transactions,
        coalesce(factors.split_factor, 1)::float as split_factor,
        bars.open_usd * coalesce(factors.split_factor, 1) as adjusted_open_usd,
        bars.high_usd * coalesce(factors.split_factor, 1) as adjusted_high_usd,
        bars.low_usd * coalesce(factors.split_factor, 1) as adjusted_low_usd,
        bars.close_usd * coalesce(factors.split_factor, 1) as adjusted_close_usd,
        bars.volume_shares / coalesce(factors.split_factor, 1) as adjusted_volume_shares,
        bars.override_reason,
        bars.fetched_at,
        false as is_built,
        null::date as built_listed_from_date,
        null::number as built_bar_number,
        null::float as built_running_high_usd
    from {{ 'touched' if is_incremental() else ref('stg_polygon__stock_bars_casted') }} as bars
    {%- if not is_incremental() %}
    left join {{ ref('int_polygon__ticker_spans') }} as spans
        on {{ in_force('bars') }}
    {%- endif %}
    left join {{ ref('int_polygon__split_factors') }} as factors
        on
            {{ 'bars.security_id' if is_incremental() else security_of('bars') }} = factors.security_id
            and bars.session_date >= factors.applies_from
            and bars.session_date < factors.applies_before
    {%- if is_incremental() %}
    union all
    select
        {%- for column in bar_columns %}
        reached.{{ column }},
        {%- endfor %}
        true as is_built,
        reached.listed_from_date as built_listed_from_date,
        reached.bar_number as built_bar_number,
        reached.running_high_usd as built_running_high_usd
    from reached
    left join few
        on reached.security_id = few.security_id
    where
        few.security_id is null
        or reached.session_date = few.session_date
    {%- endif %}
),

spaced as (
    select
        adjusted.*,
        lag(session_date) over (partition by security_id order by session_date) as previous_session_date,
        coalesce(datediff('day', previous_session_date, session_date) > {{ listing_gap_days() }}, true) as is_first_bar
    from adjusted
),

listed as (
    select
        spaced.*,
        max(coalesce(built_listed_from_date, iff(is_first_bar, session_date, null))) over (
            partition by security_id
            order by session_date
            rows between unbounded preceding and current row
        ) as listed_from_date
    from spaced
),

followed as (
    select
        listed.*,
        row_number() over ({{ in_order }})
        + coalesce(first_value(built_bar_number) over ({{ in_order }}) - 1, 0) as bar_number,
        lag(adjusted_close_usd) over ({{ in_order }}) as previous_close_usd,
        adjusted_close_usd - previous_close_usd as change_usd,
        greatest(coalesce(change_usd, 0), 0) as gain_usd,
        greatest(coalesce(-change_usd, 0), 0) as loss_usd,
        coalesce(
            greatest(coalesce(adjusted_high_usd, adjusted_close_usd), previous_close_usd)
            - least(coalesce(adjusted_low_usd, adjusted_close_usd), previous_close_usd),
            0
        ) as true_range_usd,
        (adjusted_close_usd / previous_close_usd - 1) * 100 as simple_return_pct,
        ln(adjusted_close_usd / previous_close_usd) as log_return,
        adjusted_close_usd * adjusted_volume_shares as dollar_volume_usd
    from listed
),

{# What falls on a day without a bar takes effect with the next one of the listing. #}
dated as (
    select
        announced.*,
        followed.session_date
    from {{ ref('int_polygon__stock_events') }} as announced
    inner join followed
        on
            announced.security_id = followed.security_id
            and announced.event_date = followed.session_date
    where not followed.is_built
    union all
    select
        missed.*,
        followed.session_date
    from (
        select announced.*
        from {{ ref('int_polygon__stock_events') }} as announced
        where not exists (
            select 1
            from followed
            where
                announced.security_id = followed.security_id
                and announced.event_date = followed.session_date
        )
    ) as missed
    inner join followed
        on
            missed.security_id = followed.security_id
            and missed.event_date > followed.previous_session_date
            and missed.event_date < followed.session_date
            and not followed.is_first_bar
    where not followed.is_built
),

events as (
    select
        security_id,
        session_date,
        sum(dividend_usd) as dividend_usd,
        sum(adjusted_dividend_usd) as adjusted_dividend_usd,
        iff(count(split_from) <= 1, max(split_from), round(exp(sum(ln(split_from))), 6)) as split_from,
        iff(count(split_to) <= 1, max(split_to), round(exp(sum(ln(split_to))), 6)) as split_to,
        nullif(listagg(override_reason, '; ') within group (order by override_reason), '') as override_reason
    from dated
    group by
        security_id,
        session_date
),

paid as (
    select
        followed.*,
        events.dividend_usd,
        events.split_from,
        events.split_to,
        events.override_reason as event_override_reason,
        events.adjusted_dividend_usd / followed.previous_close_usd as payout
    from followed
    left join events
        on
            followed.security_id = events.security_id
            and followed.session_date = events.session_date
),

{%- if is_incremental() %}
behind as (
    select
        reached.security_id,
        reached.listed_from_date,
        reached.session_date,
        reached.bar_number,
        reached.adjusted_close_usd,
        reached.adjusted_high_usd,
        reached.adjusted_low_usd,
        reached.log_return,
        reached.adjusted_close_usd * reached.adjusted_volume_shares as dollar_volume_usd
    from reached
    inner join few
        on reached.security_id = few.security_id
    union all
    select
        paid.security_id,
        paid.listed_from_date,
        paid.session_date,
        paid.bar_number,
        paid.adjusted_close_usd,
        paid.adjusted_high_usd,
        paid.adjusted_low_usd,
        paid.log_return,
        paid.dollar_volume_usd
    from paid
    inner join few
        on paid.security_id = few.security_id
    where not paid.is_built
),

paired as (
    select
        paid.security_id,
        paid.session_date,
        paid.bar_number,
        behind.session_date as behind_session_date,
        behind.bar_number as behind_bar_number,
        behind.adjusted_close_usd,
        behind.adjusted_high_usd,
        behind.adjusted_low_usd,
        behind.log_return,
        behind.dollar_volume_usd
    from paid
    inner join behind
        on
            paid.security_id = behind.security_id
            and paid.listed_from_date = behind.listed_from_date
            and paid.bar_number >= behind.bar_number
            and paid.bar_number < behind.bar_number + {{ longest_window }}
    where not paid.is_built
),

summed_up as (
    select
        security_id,
        session_date,
        {%- for name, (aggregate, value, bars, first_bar, may_be_null) in windows.items() %}
        {{ last_bars(aggregate, value, bars, first_bar, may_be_null, summed=true) }} as {{ name }},
        {%- endfor %}
        min(behind_session_date) as window_from_date
    from paired
    group by
        security_id,
        session_date,
        bar_number
),

{% endif -%}
slid as (
    select
        paid.*,
        {%- for name, (aggregate, value, bars, first_bar, may_be_null) in windows.items() %}
        {{ last_bars(aggregate, value, bars, first_bar, may_be_null) }} as {{ name }},
        {%- endfor %}
        coalesce(
            lag(session_date, {{ longest_window - 1 }}) over ({{ in_order }}), listed_from_date
        ) as window_from_date,
        max(coalesce(built_running_high_usd, adjusted_close_usd)) over (
            {{ in_order }} rows between unbounded preceding and current row
        ) as running_high_usd,
        adjusted_close_usd * exp(coalesce(
            sum(ln(1 - iff(payout < 1, payout, 0))) over (
                {{ in_order }} rows between 1 following and unbounded following
            ),
            0
        )) as total_return_close_usd
    from paid
),

windowed as (
    select
        slid.* {%- if is_incremental() %} exclude (
            {%- for name in windows %}
            {{ name }},
            {%- endfor %}
            window_from_date
        ),
        {%- for name in windows.keys() | list + ['window_from_date'] %}
        iff(summed_up.security_id is null, slid.{{ name }}, summed_up.{{ name }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- endif %}
    from slid
    {%- if is_incremental() %}
    left join summed_up
        on
            slid.security_id = summed_up.security_id
            and slid.session_date = summed_up.session_date
    {%- endif %}
),

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
            and continued.bar_number >= {{ first_macd_bar }}
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
        sum({{ recurrence_term('macd_usd', ema_9, 26, first_macd_bar, 'bar_number', 'place') }}) over (
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
    iff(bar_number >= {{ first_macd_bar }}, macd_usd, null) as macd_usd,
    iff(bar_number >= {{ first_macd_bar }}, macd_signal_usd, null) as macd_signal_usd,
    iff(bar_number >= {{ first_macd_bar }}, macd_usd - macd_signal_usd, null) as macd_histogram_usd,
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
