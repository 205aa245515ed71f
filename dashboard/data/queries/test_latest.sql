-- The newest result of every test, also of one that the newest run didn't hold.
select
    test_id,
    test_name,
    model_name,
    column_name,
    status,
    severity,
    failing_rows,
    execution_seconds,
    message,
    run_id,
    executed_at
from ops.dbt_test_results
qualify row_number() over (partition by test_id order by executed_at desc) = 1
