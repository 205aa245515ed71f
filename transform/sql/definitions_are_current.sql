with newest as (
    select
        project_digest,
        models_failed,
        models_skipped
    from ops.builds
    qualify row_number() over (order by finished_at desc) = 1
)

select project_digest
from newest
where
    project_digest = %(digest)s
    and models_failed = 0
    and models_skipped = 0
