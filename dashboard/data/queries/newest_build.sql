select
    build_id,
    started_at,
    finished_at,
    models_built,
    models_failed,
    models_skipped
from ops.builds
order by finished_at desc
limit 1
