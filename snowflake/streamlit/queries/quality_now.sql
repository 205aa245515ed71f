-- What the newest result of each test complains about.
with newest as (
    select
        test_id,
        test_name,
        model_name,
        column_name,
        status,
        failing_rows,
        message,
        executed_at
    from ops.dbt_test_results
    qualify row_number() over (partition by test_id order by executed_at desc) = 1
)

select
    test_name,
    model_name,
    column_name,
    status,
    failing_rows,
    message,
    executed_at
from newest
where status not in ('pass', 'skipped')
order by status, test_name
