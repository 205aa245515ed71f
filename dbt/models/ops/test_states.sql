{# A warning that was there yesterday as well is no news: what counts for Health is what is new since the day before, in
   UTC, and what fails. A mute of somebody's (ops.mute_test) takes a test out until a day, or until it has more rows. #}
{{ config(enabled=var('as_of', none) is none) }}
with results as (
    select *
    from {{ source('ops', 'dbt_test_results') }}
),

newest as (
    select *
    from results
    qualify row_number() over (partition by test_id order by executed_at desc) = 1
),

day_before as (
    select
        results.test_id,
        max_by(results.failing_rows, results.executed_at) as failing_rows
    from results
    inner join newest
        on results.test_id = newest.test_id
    where
        results.failing_rows is not null
        and results.executed_at::date < newest.executed_at::date
    group by results.test_id
),

mutes as (
    select *
    from {{ source('ops', 'test_mutes') }}
    qualify row_number() over (partition by test_id order by entered_at desc, mute_id desc) = 1
),

judged as (
    select
        newest.*,
        day_before.failing_rows as failing_rows_before,
        greatest(coalesce(newest.failing_rows, 0) - coalesce(day_before.failing_rows, 0), 0) as new_failing_rows,
        coalesce(
            not mutes.is_retracted
            and mutes.muted_until >= {{ now_utc() }}::date
            and (mutes.accepted_rows is null or newest.failing_rows <= mutes.accepted_rows),
            false
        ) as is_muted,
        mutes.accepted_rows,
        mutes.muted_until,
        mutes.reason as mute_reason,
        mutes.author as mute_author
    from newest
    left join day_before
        on newest.test_id = day_before.test_id
    left join mutes
        on newest.test_id = mutes.test_id
)

select
    test_id,
    test_name,
    model_name,
    column_name,
    status,
    severity,
    failing_rows,
    failing_rows_before,
    new_failing_rows,
    case
        when status = 'pass' or is_muted then 'pass'
        when status = 'warn' and failing_rows_before is not null and new_failing_rows = 0 then 'pass'
        when status in ('warn', 'skipped') then 'warn'
        else 'fail'
    end as health,
    is_muted,
    iff(is_muted, accepted_rows, null) as accepted_rows,
    iff(is_muted, muted_until, null) as muted_until,
    iff(is_muted, mute_reason, null) as mute_reason,
    iff(is_muted, mute_author, null) as mute_author,
    execution_seconds,
    message,
    run_id,
    executed_at
from judged
