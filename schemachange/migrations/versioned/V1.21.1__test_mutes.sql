create table if not exists ops.test_mutes (
    mute_id varchar not null comment 'Id of the decision',
    test_id varchar not null comment 'unique_id of the test in the dbt project, as in dbt_test_results',
    accepted_rows number(38, 0) comment 'The mute ends above so many failing rows; null: any number, and also errors',
    muted_until date not null comment 'Last day of the mute, UTC',
    is_retracted boolean not null comment 'From here on the test counts again',
    reason varchar not null comment 'Why',
    author varchar not null comment 'Who says so',
    entered_at timestamp_ntz(6) not null comment 'UTC, when it was entered, by the clock of the warehouse'
)
comment = 'Data tests that do not count for Health for a while: one row a decision, appended by two procedures alone'
