-- The tests that failed most often, and when they last did.
set since = '2026-10-01';

select
    test_name,
    model_name,
    column_name,
    count(*) as runs,
    sum(iff(status in ('fail', 'error'), 1, 0)) as failures,
    sum(iff(status = 'warn', 1, 0)) as warnings,
    max(iff(status in ('fail', 'error', 'warn'), executed_at, null)) as last_complaint_at,
    max_by(status, executed_at) as status_now,
    max_by(failing_rows, executed_at) as failing_rows_now
from ops.dbt_test_results
where executed_at >= to_timestamp_ntz($since)
group by test_name, model_name, column_name
having sum(iff(status in ('fail', 'error', 'warn'), 1, 0)) > 0
order by failures desc, warnings desc, test_name asc;
