{# Not from the bars: an expiration lies ahead, and a session that we have no bar of is still a session.
   It needs no history, but a build as of a moment makes what comes after the histories, and needs it. #}
-- depends_on: {{ ref('snapshot_polygon__option_contracts') }}
{%- set span = exchange_calendar_span() %}
{%- set days = (modules.datetime.date.fromisoformat(span[1]) - modules.datetime.date.fromisoformat(span[0])).days + 1 %}
with numbered as (
    select row_number() over (order by seq4()) - 1 as day_number
    from table(generator(rowcount => {{ days }}))
),

dated as (
    select dateadd('day', day_number, '{{ span[0] }}'::date) as calendar_date
    from numbered
),

unscheduled as (
    select closure_date
    from {{ ref('int_polygon__exchange_closures') }}
    group by closure_date
    having max_by(is_closed, recorded_at)
),

judged as (
    select
        dated.calendar_date,
        (
            dayofweekiso(dated.calendar_date) <= 5
            and unscheduled.closure_date is null
            and dated.calendar_date not in (
                {%- for closure in exchange_closures() %}
                '{{ closure }}'::date{{ ',' if not loop.last }}
                {%- endfor %}
            )
        ) as is_session
    from dated
    left join unscheduled
        on dated.calendar_date = unscheduled.closure_date
)

select
    calendar_date,
    is_session,
    sum(iff(is_session, 1, 0)) over (
        order by calendar_date
        rows between unbounded preceding and current row
    ) as sessions_so_far,
    max(
        iff(
            is_session,
            dateadd(
                'hour',
                iff(
                    calendar_date in (
                        {%- for day in early_closes() %}
                        '{{ day }}'::date{{ ',' if not loop.last }}
                        {%- endfor %}
                    ),
                    13,
                    16
                ),
                calendar_date
            ),
            null
        )
    ) over (
        order by calendar_date
        rows between unbounded preceding and current row
    ) as last_close_at
from judged
