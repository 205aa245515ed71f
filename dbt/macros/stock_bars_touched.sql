{#
    Which stock bars a build computes again, and where each ticker's go on from: CTEs of int_polygon__stock_bars_enriched.

    touched: a ticker and the first session to compute. New, restated and late bars count from their session on: nothing
    before it depends on them. A split or a dividend that is new, changed or now due changes the ticker's whole history;
    so does a bar from which on a dividend may take effect in another session, or on another close before.
    continued: the last bar before that, whose averages the next ones go on from. None where a new listing begins.
#}
{% macro stock_bars_touched() -%}
new_bars as (
    select
        bars.ticker,
        min(bars.session_date) as from_date
    from {{ ref('stg_polygon__stock_bars_casted') }} as bars
    where bars.recorded_at > {{ newest_recorded(this) }}
    group by bars.ticker
),

last_bars as (
    select
        built.ticker,
        built.session_date,
        built.listed_from_date,
        built.window_from_date,
        built.bar_number,
        built.ema_12_usd,
        built.ema_26_usd,
        built.macd_usd + built.ema_26_usd as macd_fast_usd,
        built.macd_signal_usd as signal_usd,
        built.average_gain_usd,
        built.average_loss_usd,
        built.atr_14_usd as atr_usd,
        built.rsi_14
    from {{ this }} as built
    inner join new_bars
        on
            built.ticker = new_bars.ticker
            and built.session_date < new_bars.from_date
            and built.session_date >= dateadd('day', -{{ listing_gap_days() }}, new_bars.from_date)
    where built.session_date >= (
        select dateadd('day', -{{ listing_gap_days() }}, min(new_bars.from_date))
        from new_bars
    )
    qualify row_number() over (partition by built.ticker order by built.session_date desc) = 1
),

sessions as (
    select
        max(built.session_date) as built_until_date,
        (
            select max(bars.session_date)
            from {{ ref('stg_polygon__stock_bars_casted') }} as bars
        ) as newest_date
    from {{ this }} as built
),

{# All versions: a split that was another ticker's before must leave that one too. #}
adjusted_anew as (
    select splits.ticker
    from {{ ref('snapshot_polygon__splits') }} as splits
    cross join sessions
    where
        splits.execution_date <= sessions.newest_date
        and (
            splits.recorded_at > {{ newest_recorded(this) }}
            or splits.execution_date > sessions.built_until_date
        )
    union distinct
    select dividends.ticker
    from {{ ref('snapshot_polygon__dividends') }} as dividends
    cross join sessions
    where
        dividends.ex_dividend_date <= sessions.newest_date
        and (
            dividends.recorded_at > {{ newest_recorded(this) }}
            or dividends.ex_dividend_date > sessions.built_until_date
        )
    union distinct
    select paid.ticker
    from {{ ref('int_polygon__stock_events') }} as paid
    cross join sessions
    inner join last_bars
        on
            paid.ticker = last_bars.ticker
            and paid.event_date > last_bars.session_date
    where
        paid.dividend_usd is not null
        and paid.event_date <= sessions.newest_date
),

touched as (
    select
        adjusted_anew.ticker,
        '0001-01-01'::date as from_date
    from adjusted_anew
    union all
    select
        new_bars.ticker,
        new_bars.from_date
    from new_bars
    where new_bars.ticker not in (
        select adjusted_anew.ticker
        from adjusted_anew
    )
),

continued as (
    select last_bars.*
    from last_bars
    where last_bars.ticker not in (
        select adjusted_anew.ticker
        from adjusted_anew
    )
),
{%- endmacro %}
