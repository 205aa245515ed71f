{#
    Step 3 of int_polygon__stock_bars_enriched: `windowed`, with averages, deviations and extremes of the last n bars.

    Where few bars go on after many, sliding windows over all of them is dear: each new bar is joined with the bars behind it
    instead and summed up (`summed_up`), which takes a fifth of the time (docs/adr/0006).
#}
{% macro stock_bars_windowed() -%}
{%- set longest_window = 252 %}
{%- set in_order = in_listing_order() %}
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

{% endif %}
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
)
{%- endmacro %}
