select count(*) as results
from ops.dbt_test_results
where
    run_id = %(run_id)s
    and invocation_id = %(invocation_id)s
