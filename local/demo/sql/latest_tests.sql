-- What the newest result of each test is, over all runs.
with newest as (
    select status
    from ops.dbt_test_results
    qualify row_number() over (partition by test_id order by executed_at desc) = 1
)

select
    status,
    count(*) as tests
from newest
group by status
