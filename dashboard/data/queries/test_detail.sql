-- The newest result of one test with the statement that it ran.
select
    invocation_id,
    test_id,
    test_name,
    model_name,
    column_name,
    status,
    failing_rows,
    message,
    compiled_sql,
    executed_at
from ops.dbt_test_results
where test_id = :test_id
qualify row_number() over (order by executed_at desc) = 1
