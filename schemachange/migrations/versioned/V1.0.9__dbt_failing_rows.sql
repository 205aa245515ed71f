create table if not exists ops.dbt_failing_rows (
    invocation_id varchar not null comment 'Run of dbt itself, as in dbt_test_results',
    test_id varchar not null comment 'unique_id of the test in the dbt project',
    row_number number(38, 0) not null comment 'Counts the rows that are kept of a test, from 1',
    failing_row varchar not null comment 'The row that the test returned, as a JSON object',
    recorded_at timestamp_ntz(6) not null comment 'UTC, by the clock of the warehouse'
)
comment = 'The first rows of every test of a dbt_test run that did not pass, as they were then; written by dbt';
