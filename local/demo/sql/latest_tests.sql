select
    status,
    count(*) as tests
from ops.dbt_test_results
where run_id = (
    select run_id
    from ops.dbt_test_results
    order by executed_at desc
    limit 1
)
group by status
