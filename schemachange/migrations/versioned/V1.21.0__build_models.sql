create table if not exists ops.build_models (
    build_id varchar not null comment 'invocation_id of dbt, as in ops.builds',
    run_id varchar comment 'Airflow run and try that ran dbt; null for a build by hand',
    model_name varchar not null comment 'Name of the model',
    layer varchar not null comment 'Schema of the model',
    materialization varchar not null comment 'table, incremental or view',
    status varchar not null comment 'success, error or skipped, as dbt says',
    started_at timestamp_ntz(6) comment 'UTC, by the clock of dbt''s machine; null where the model did not run',
    execution_seconds float not null comment 'Seconds from start to end, with the wait for a session of the warehouse',
    stored_rows number(38, 0) comment 'Rows of the table after the build, also where the model failed; null for a view',
    message varchar comment 'What dbt says where the model was not built',
    finished_at timestamp_ntz(6) not null comment 'UTC, when dbt ended, by the clock of the warehouse'
)
comment = 'What became of each model of each build; written by dbt at its end, also when nothing could be built';
