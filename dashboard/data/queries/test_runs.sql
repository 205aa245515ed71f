-- One row a run, newest first.
select
    run_id,
    max(executed_at) as executed_at,
    count(*) as tests,
    sum(case when status = 'pass' then 1 else 0 end) as passed,
    sum(case when status = 'warn' then 1 else 0 end) as warned,
    sum(case when status in ('fail', 'error') then 1 else 0 end) as failed,
    sum(case when status = 'skipped' then 1 else 0 end) as skipped,
    sum(execution_seconds) as execution_seconds
from ops.dbt_test_results
group by run_id
order by executed_at desc
limit :runs
