select
    manifest_id,
    family,
    dag_id,
    run_id,
    is_complete,
    rows_loaded,
    result_rows,
    loaded_at
from ops.loads
order by loaded_at desc
limit :rows
