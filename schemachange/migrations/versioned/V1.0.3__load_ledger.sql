create table if not exists raw.load_ledger (
    manifest_id varchar not null comment 'Sorts by the time at which the manifest was begun',
    manifest_key varchar not null comment 'Key of the manifest, relative to the stage raw.landing',
    family varchar not null comment 'stocks or options',
    dag_id varchar not null comment 'Airflow DAG that landed it',
    run_id varchar not null comment 'Run of that DAG',
    is_complete boolean not null comment 'Whether every request was answered',
    objects variant not null comment 'Array of {key, dataset, bytes, rows, etag}, one per loaded object',
    rows_loaded number(38, 0) not null comment 'Lines loaded into raw tables',
    result_rows number(38, 0) not null comment 'Results in all responses, as the manifest says',
    loaded_at timestamp_ntz(6) not null comment 'UTC; the same as in the raw rows'
)
comment = 'One row per loaded manifest, written in the same transaction as its rows: what is here is loaded, once';

create table if not exists raw.load_rejects (
    manifest_id varchar not null comment 'Manifest that was refused',
    manifest_key varchar not null comment 'Key of the manifest, relative to the stage raw.landing',
    family varchar not null comment 'stocks or options',
    reason varchar not null comment 'What does not agree with the manifest',
    rejected_at timestamp_ntz(6) not null comment 'UTC'
)
comment = 'One row per refused load; nothing of the manifest was loaded by it. A later load may have succeeded';

create table if not exists raw.load_locks (
    family varchar not null comment 'stocks or options',
    locked_by varchar comment 'Manifest of the last load that was committed',
    locked_at timestamp_ntz(6) comment 'UTC, when that load began'
)
comment = 'One row per family; a load updates it first, so that loads of a family go one after the other';

insert into raw.load_locks (family)
select families.family
from (
    select 'stocks' as family
    union all
    select 'options' as family
) as families
where not exists (
    select 1
    from raw.load_locks as present
    where present.family = families.family
);
