{# How many sessions each dataset is behind the newest one that is due, by the exchange's calendar: a weekend or a holiday
   makes nothing stale. A session is due some hours after the API serves it, which the plan decides (session_due_hours).
   As of a moment of the past nothing is due. Yields of a session are due with the next one; on Columbus Day and Veterans Day
   shares are traded and Treasury securities are not.
   All versions have the newest session and time that the current ones have, and are asked without a condition: Snowflake
   answers that from what it keeps about partitions. #}
{{ config(enabled=var('as_of', none) is none) }}
{%- set datasets = {
    'stock_bars': ref('snapshot_polygon__stock_bars'),
    'option_bars': ref('snapshot_polygon__options_bars'),
    'option_chain': ref('snapshot_polygon__option_chain'),
} %}
with newest as (
    {% for dataset, versions in datasets.items() %}
    select
        '{{ dataset }}' as dataset,
        max(session_date) as newest_session_date,
        max(fetched_at) as newest_fetched_at
    from {{ versions }}
    union all
    {% endfor %}
    select
        'treasury_yields' as dataset,
        max(yield_date) as newest_session_date,
        max(fetched_at) as newest_fetched_at
    from {{ ref('snapshot_polygon__treasury_yields') }}
),

due as (
    select max(calendar_date) as due_session_date
    from {{ ref('int_polygon__exchange_days') }}
    where
        is_session
        and calendar_date <= to_date(
            dateadd(
                'minute', {{ (session_due_hours() | float * -60) | int }}, convert_timezone('UTC', 'America/New_York', {{ now_utc() }})
            )
        )
),

yields_due as (
    select max(days.calendar_date) as due_session_date
    from {{ ref('int_polygon__exchange_days') }} as days
    inner join due
        on days.calendar_date < due.due_session_date
    where
        days.is_session
        and not (
            month(days.calendar_date) = 10
            and dayofweekiso(days.calendar_date) = 1
            and day(days.calendar_date) between 8 and 14
        )
        and not (
            month(days.calendar_date) = 11
            and (
                day(days.calendar_date) = 11
                or (day(days.calendar_date) = 12 and dayofweekiso(days.calendar_date) = 1)
            )
        )
),

expected as (
    select
        newest.*,
        iff(newest.dataset = 'treasury_yields', yields_due.due_session_date, due.due_session_date) as due_session_date
    from newest
    cross join due
    cross join yields_due
)

select
    expected.dataset,
    expected.newest_session_date,
    expected.due_session_date,
    greatest(due_day.sessions_so_far - newest_day.sessions_so_far, 0) as sessions_behind,
    expected.newest_fetched_at
from expected
left join {{ ref('int_polygon__exchange_days') }} as due_day
    on expected.due_session_date = due_day.calendar_date
left join {{ ref('int_polygon__exchange_days') }} as newest_day
    on expected.newest_session_date = newest_day.calendar_date
