-- Every result of the newest runs, oldest first.
with runs as (
    select
        run_id,
        max(executed_at) as executed_at
    from ops.dbt_test_results
    group by run_id
    order by executed_at desc
    limit :runs
)

select
    results.test_id,
    results.run_id,
    runs.executed_at,
    results.status
from ops.dbt_test_results as results
inner join runs on results.run_id = runs.run_id
order by runs.executed_at, results.test_id
