{#
    Step 1 of int_polygon__stock_bars_enriched: bars in today's shares, each with its place in its listing and its change
    from the bar before.

    few: securities of which a later build computes few bars (see `stock_bars_windowed`). Before these there is the last
    built bar alone. With nothing built before the first bar of MACD, averages begin anew.
    adjusted: the bars to compute and, in a later build, the built ones that their windows reach.
    followed: listing, number in it, and what a bar is beside the one before it.
#}
{% macro stock_bars_adjusted() -%}
{%- set bar_columns = ['ticker', 'security_id', 'session_date', 'open_usd', 'high_usd', 'low_usd', 'close_usd', 'volume_shares', 'vwap_usd']
    + ['transactions', 'split_factor', 'adjusted_open_usd', 'adjusted_high_usd', 'adjusted_low_usd', 'adjusted_close_usd']
    + ['adjusted_volume_shares', 'override_reason', 'fetched_at'] %}
{%- set few_bars = 10 %}
{%- set in_order = in_listing_order() %}
{% if is_incremental() -%}
few as (
    select
        continued.security_id,
        continued.session_date
    from continued
    inner join touched
        on continued.security_id = touched.security_id
    where continued.bar_number >= {{ first_macd_bar() }}
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
)
{%- endmacro %}
