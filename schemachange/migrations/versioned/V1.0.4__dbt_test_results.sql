create table if not exists ops.dbt_test_results (
    run_id varchar not null comment 'Airflow run of dbt_test',
    invocation_id varchar not null comment 'Run of dbt itself',
    executed_at timestamp_ntz(6) not null comment 'UTC, when the test was done',
    test_id varchar not null comment 'unique_id of the test in the dbt project',
    test_name varchar not null comment 'Name of the test',
    model_name varchar comment 'Model, snapshot or source under test',
    column_name varchar comment 'Column under test, where there is one',
    status varchar not null comment 'pass, warn, fail, error or skipped',
    severity varchar comment 'warn or error: what failing rows mean',
    failing_rows number(38, 0) comment 'Rows that fail; null where the test did not run',
    execution_seconds float comment 'Seconds that the test took',
    message varchar comment 'What dbt says about it',
    compiled_sql varchar comment 'The query that was run'
)
comment = 'Every result of every dbt test, passes too; history is kept';
