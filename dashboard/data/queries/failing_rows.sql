-- The first rows that one run of a test returned, each a JSON object.
select failing_row
from ops.dbt_failing_rows
where
    test_id = :test_id
    and invocation_id = :invocation_id
order by row_number
