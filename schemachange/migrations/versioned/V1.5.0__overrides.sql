create table if not exists ops.overrides (
    override_id varchar not null comment 'Id of the decision',
    dataset varchar not null comment 'Dataset, as its raw table is named',
    row_key varchar not null comment 'Which row: the columns of its key with | between them, as AAPL|2026-03-18',
    field varchar not null comment 'Which column of the staging view, or drop for the whole row',
    value varchar comment 'What it is, as text; null for null, for a drop and for a retraction',
    is_retracted boolean not null comment 'From here on the vendor''s value counts again',
    reason varchar not null comment 'Why',
    author varchar not null comment 'Who says so',
    known_from timestamp_ntz(6) not null comment 'UTC, when it was entered, by the clock of the warehouse'
)
comment = 'Rows of the vendor that are overruled: one row a decision, appended by ops.override and ops.retract_override'
