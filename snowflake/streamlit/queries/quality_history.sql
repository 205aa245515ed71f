-- One row a run of the data tests, oldest first.
select
    max(executed_at) as executed_at,
    sum(case when status = 'pass' then 1 else 0 end) as passed,
    sum(case when status = 'warn' then 1 else 0 end) as warned,
    sum(case when status in ('fail', 'error') then 1 else 0 end) as failed
from ops.dbt_test_results
group by run_id
order by executed_at desc
limit 60
