{#
    Which stock bars a build computes again, and where each security's go on from: CTEs of int_polygon__stock_bars_enriched.

    touched: the bars to compute, with the security of each. New, restated, withdrawn and late bars count from their session on: nothing before it
    depends on them. A split or a dividend that is new, changed, overruled or now due changes the security's whole history; so does a bar
    from which on a dividend may take effect in another session, or on another close before, and a ticker of which it
    became known that it is, or was, another security.
    continued: the last bar before a security's first touched one, whose averages the next ones go on from. None where a new
    listing begins.
    reached: the built bars that the windows of the touched ones reach.

    Sessions are bounded by literals that are asked for first, so that years that can't matter are not read: the bounds
    only narrow down what the joins select anyway.
#}
{% macro stock_bars_touched() -%}
{%- set bars, versions = ref('stg_polygon__stock_bars_casted'), ref('stg_polygon__stock_bars_versions') -%}
{%- set known = newest_recorded(this) -%}
{%- set first_new, first_last, first_window = none, none, none -%}
{%- if asks_first() -%}
    {%- set first_new = asked('select min(session_date) from ' ~ versions ~ ' where recorded_at > ' ~ known) or '9999-12-31' -%}
    {%- set first_last = "dateadd('day', -" ~ listing_gap_days() ~ ", '" ~ first_new ~ "'::date)" -%}
    {%- set first_window = asked(
        'select min(window_from_date) from ' ~ this ~ ' where session_date >= ' ~ first_last
    ) or '9999-12-31' -%}
{%- endif -%}
{# All versions: a bar that was withdrawn or dropped is in no other view. #}
new_bars as (
    select
        seen.security_id,
        min(seen.session_date) as from_date,
        dateadd('day', -{{ listing_gap_days() }}, from_date) as listed_since_date
    from (
        select
            {{ security_of('versions') }} as security_id,
            versions.session_date
        from {{ versions }} as versions
        left join {{ ref('int_polygon__ticker_spans') }} as spans
            on
            {{ in_force('versions') }}
        where versions.recorded_at > {{ known }}
    ) as seen
    group by seen.security_id
),

last_bars as (
    select
        built.security_id,
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
            built.security_id = new_bars.security_id
            and built.session_date < new_bars.from_date
            and built.session_date >= new_bars.listed_since_date
    {%- if first_last %}
    where built.session_date >= {{ first_last }}
    {%- endif %}
    qualify row_number() over (partition by built.security_id order by built.session_date desc) = 1
),

built_until as (
    select max(built.session_date) as session_date
    from {{ this }} as built
),

sessions as (
    select
        built_until.session_date as built_until_date,
        {{ newest_session() }} as newest_date
    from built_until
),

{# Tickers of which something else is known: what they are now is made again, and what they were. #}
known_anew as (
    select distinct spans.ticker
    from {{ ref('int_polygon__ticker_spans') }} as spans
    where spans.recorded_at > {{ known }}
),

identified_anew as (
    select spans.security_id
    from {{ ref('int_polygon__ticker_spans') }} as spans
    inner join known_anew
        on spans.ticker = known_anew.ticker
    {%- if not asks_first() or asked('select count(*) from ' ~ ref('int_polygon__ticker_spans') ~ ' where recorded_at > ' ~ known) %}
    union distinct
    select built.security_id
    from {{ this }} as built
    inner join known_anew
        on built.ticker = known_anew.ticker
    {%- endif %}
),

{# All versions: a split that was another ticker's before must leave that one too. #}
changed_events as (
    select
        splits.ticker,
        splits.execution_date as event_date
    from {{ ref('stg_polygon__splits_versions') }} as splits
    cross join sessions
    where
        splits.execution_date <= sessions.newest_date
        and (
            splits.recorded_at > {{ known }}
            or splits.execution_date > sessions.built_until_date
        )
    union distinct
    select
        dividends.ticker,
        dividends.ex_dividend_date as event_date
    from {{ ref('stg_polygon__dividends_versions') }} as dividends
    cross join sessions
    where
        dividends.ex_dividend_date <= sessions.newest_date
        and (
            dividends.recorded_at > {{ known }}
            or dividends.ex_dividend_date > sessions.built_until_date
        )
),

contested as (
    select
        splits.ticker,
        splits.execution_date as event_date
    from {{ ref('int_polygon__splits_chosen') }} as splits
    where splits.is_contested
),

owners_of_changed as (
    {{ securities_of_events('changed_events') }}
),

owners_of_contested as (
    {{ securities_of_events('contested') }}
),

adjusted_anew as (
    select security_id
    from identified_anew
    union distinct
    select security_id
    from owners_of_changed
    union distinct
    select paid.security_id
    from {{ ref('int_polygon__stock_events') }} as paid
    cross join sessions
    inner join last_bars
        on
            paid.security_id = last_bars.security_id
            and paid.event_date > last_bars.session_date
    where
        paid.dividend_usd is not null
        and paid.event_date <= sessions.newest_date
    {# Prices decide between splits that contradict each other: those around them may choose another one. #}
    union distinct
    select splits.security_id
    from owners_of_contested as splits
    inner join new_bars
        on
            splits.security_id = new_bars.security_id
            and new_bars.from_date <= dateadd('day', {{ split_reach_days() }}, splits.event_date)
),

touched as (
    select
        bars.*,
        adjusted_anew.security_id
    from {{ bars }} as bars
    inner join {{ ref('int_polygon__ticker_spans') }} as spans
        on
            {{ in_force('bars') }}
    inner join adjusted_anew
        on spans.security_id = adjusted_anew.security_id
    union all
    select
        bars.*,
        new_bars.security_id
    from {{ bars }} as bars
    inner join {{ ref('int_polygon__ticker_spans') }} as spans
        on
            {{ in_force('bars') }}
    inner join new_bars
        on
            spans.security_id = new_bars.security_id
            and bars.session_date >= new_bars.from_date
    where
        new_bars.security_id not in (
            select adjusted_anew.security_id
            from adjusted_anew
        )
        {%- if first_new %}
        and bars.session_date >= '{{ first_new }}'::date
        {%- endif %}
),

continued as (
    select last_bars.*
    from last_bars
    where last_bars.security_id not in (
        select adjusted_anew.security_id
        from adjusted_anew
    )
),

reached as (
    select built.*
    from {{ this }} as built
    inner join continued
        on
            built.security_id = continued.security_id
            and built.session_date >= continued.window_from_date
            and built.session_date <= continued.session_date
    {%- if first_window %}
    where built.session_date >= '{{ first_window }}'::date
    {%- endif %}
),
{%- endmacro %}

{# The newest thing that this build knows, so that the next one finds what came after. #}
{% macro newest_known() -%}
{%- set known = newest_recorded(this) if is_incremental() else none -%}
{%- set later = ' where recorded_at > ' ~ known if known else '' -%}
(
        select max(known.recorded_at)
        from (
            {%- for dataset in ['stock_bars', 'splits', 'dividends'] %}
            {{ 'union all' if not loop.first }}
            select max(recorded_at) as recorded_at
            from {{ ref('stg_polygon__' ~ dataset ~ '_versions') }}{{ later }}
            {%- endfor %}
            union all
            select max(recorded_at) as recorded_at
            from {{ ref('int_polygon__ticker_spans') }}{{ later }}
            {%- if known %}
            union all
            select {{ known }} as recorded_at
            {%- endif %}
        ) as known
    )
{%- endmacro %}

{# How far from a split's day the prices may be that decide whether it was executed: calendar days. #}
{% macro split_reach_days() %}{{ return(30) }}{% endmacro %}
