create table if not exists ops.builds (
    build_id varchar not null comment 'invocation_id of dbt',
    started_at timestamp_ntz(6) not null comment 'UTC, by the clock of the machine that ran dbt',
    finished_at timestamp_ntz(6) not null comment 'UTC, by the clock of the warehouse',
    is_full_refresh boolean not null comment 'Whether every table was made again from raw',
    models_built number(38, 0) not null comment 'Models that were built',
    models_failed number(38, 0) not null comment 'Models that failed, and kept what they held',
    models_skipped number(38, 0) not null comment 'Models that were left out because one that they need had failed'
)
comment = 'One row per dbt invocation that built models, written by dbt at its end';
