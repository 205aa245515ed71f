{#
    Which of the splits that contradict each other count: of two ratios of one day, and of one ratio on two days of a
    week, only one was executed, and the raw prices around it show which (docs/adr/0011).

    A ratio fits when the price moved by it: its distance, in logarithms, from what the price did is at most half of that
    of every other one, and of no split at all. Where none fits, the newest ratio of a day counts, both days of one
    ratio do, and `is_resolved` is false: a data test finds it, an override settles it.
#}
{%- set same_split_days, least_margin = 5, 0.05 %}
{%- set of_day = 'partition by ticker, execution_date' %}
{%- set of_ratio = 'partition by ticker, ratio' %}
{%- set of_run = 'partition by ticker, ratio, run_number' %}
with splits as (
    select
        split_id,
        ticker,
        execution_date,
        split_from,
        split_to,
        fetched_at,
        recorded_at,
        override_reason,
        round(split_from / split_to, 9) as ratio
    from {{ ref('stg_polygon__splits') }}
),

neighbours as (
    select
        splits.*,
        count(*) over ({{ of_day }}) as ratios_of_day,
        lag(execution_date) over ({{ of_ratio }} order by execution_date) as day_before,
        coalesce(datediff('day', day_before, execution_date) <= {{ same_split_days }}, false) as is_repetition
    from splits
),

{# A run: one ratio on days that follow each other within a week. #}
runs as (
    select
        neighbours.*,
        sum(iff(is_repetition, 0, 1)) over (
            {{ of_ratio }}
            order by execution_date
            rows between unbounded preceding and current row
        ) as run_number
    from neighbours
),

compared as (
    select
        runs.*,
        count(*) over ({{ of_run }}) as days_of_run
    from runs
),

contested as (
    select
        split_id,
        ticker,
        execution_date
    from compared
    where
        ratios_of_day > 1
        or days_of_run > 1
),

{# By session, so that only the partitions of these days are read. #}
around as (
    select
        contested.split_id,
        max_by(
            iff(bars.session_date < contested.execution_date, bars.close_usd, null),
            iff(bars.session_date < contested.execution_date, bars.session_date, null)
        ) as price_before_usd,
        min_by(
            iff(bars.session_date >= contested.execution_date, coalesce(bars.open_usd, bars.close_usd), null),
            iff(bars.session_date >= contested.execution_date, bars.session_date, null)
        ) as price_after_usd
    from contested
    inner join {{ ref('int_polygon__exchange_days') }} as days
        on
            days.calendar_date >= dateadd('day', -{{ split_reach_days() }}, contested.execution_date)
            and days.calendar_date <= dateadd('day', {{ split_reach_days() }}, contested.execution_date)
    inner join {{ ref('stg_polygon__stock_bars_casted') }} as bars
        on
            contested.ticker = bars.ticker
            and days.calendar_date = bars.session_date
    group by contested.split_id
),

measured as (
    select
        compared.*,
        around.price_after_usd / around.price_before_usd as price_ratio,
        abs(ln(price_ratio / compared.ratio)) as distance,
        abs(ln(price_ratio)) as distance_of_none
    from compared
    left join around
        on compared.split_id = around.split_id
),

ranked as (
    select
        measured.*,
        row_number() over ({{ of_day }} order by distance, fetched_at desc, split_id desc) as place,
        lead(distance) over ({{ of_day }} order by distance, fetched_at desc, split_id desc) as next_distance,
        row_number() over ({{ of_day }} order by fetched_at desc, distance, split_id desc) as place_by_age
    from measured
),

judged as (
    select
        ranked.*,
        coalesce(
            place = 1
            and 2 * distance <= least(coalesce(next_distance, distance_of_none), distance_of_none)
            and least(coalesce(next_distance, distance_of_none), distance_of_none) - distance >= {{ least_margin }},
            false
        ) as is_fitting
    from ranked
),

of_days as (
    select
        judged.*,
        max(iff(is_fitting, 1, 0)) over ({{ of_day }}) as fitting_of_day,
        max(iff(is_fitting, 1, 0)) over ({{ of_run }}) as fitting_of_run
    from judged
)

select
    split_id,
    ticker,
    execution_date,
    split_from,
    split_to,
    ratios_of_day > 1 or days_of_run > 1 as is_contested,
    is_fitting
    or (
        fitting_of_day = 0
        and place_by_age = 1
        and (days_of_run = 1 or fitting_of_run = 0)
    ) as is_chosen,
    (ratios_of_day = 1 or fitting_of_day = 1)
    and (days_of_run = 1 or fitting_of_run = 1) as is_resolved,
    price_ratio,
    fetched_at,
    recorded_at,
    override_reason
from of_days
