-- Sessions in the ledger: a manifest each, as daily runs would have left them.
insert into raw.load_ledger (
    manifest_id,
    manifest_key,
    family,
    dag_id,
    run_id,
    is_complete,
    objects,
    rows_loaded,
    result_rows,
    loaded_at
)
select
    given.value::varchar || '-' || %(what)s as manifest_id,
    'manifests/stocks/' || given.value::varchar || '-' || %(what)s || '.json' as manifest_key,
    'stocks' as family,
    'bench' as dag_id,
    'bench' as run_id,
    true as is_complete,
    parse_json('[]') as objects,
    1 as rows_loaded,
    %(rows)s as result_rows,
    to_timestamp_ntz(given.value::varchar || ' 22:20:00') as loaded_at
from table(flatten(input => parse_json(%(sessions)s))) as given
