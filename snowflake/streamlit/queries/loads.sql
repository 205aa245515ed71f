select
    loaded_at,
    family,
    manifest_id,
    dag_id,
    run_id,
    is_complete,
    rows_loaded,
    result_rows
from ops.loads
order by loaded_at desc, manifest_id desc
limit 200
