-- One row a build, newest first; a build in which nothing could be built is one too.
select
    build_id,
    max(run_id) as run_id,
    min(started_at) as started_at,
    max(finished_at) as finished_at,
    sum(case when status = 'success' then 1 else 0 end) as models_built,
    sum(case when status = 'error' then 1 else 0 end) as models_failed,
    sum(case when status = 'skipped' then 1 else 0 end) as models_skipped
from ops.build_models
group by build_id
order by finished_at desc, build_id desc
limit :builds
