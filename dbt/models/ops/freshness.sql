{# How many sessions each dataset is behind the newest one that is due, by the exchange's calendar: a weekend or a holiday
   makes nothing stale. A session is due some hours after the API serves it, which the plan decides (session_due_hours).
   As of a moment of the past nothing is due.
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
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
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
)

select
    newest.dataset,
    newest.newest_session_date,
    due.due_session_date,
    greatest(due_day.sessions_so_far - newest_day.sessions_so_far, 0) as sessions_behind,
    newest.newest_fetched_at
from newest
cross join due
left join {{ ref('int_polygon__exchange_days') }} as due_day
    on due.due_session_date = due_day.calendar_date
left join {{ ref('int_polygon__exchange_days') }} as newest_day
    on newest.newest_session_date = newest_day.calendar_date
