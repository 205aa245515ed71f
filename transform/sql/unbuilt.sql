with ledger as (
    select
        count(*) as ledger_manifests,
        max(loaded_at) as ledger_loaded_through
    from raw.load_ledger
),

last_whole_build as (
    select
        ledger_manifests,
        ledger_loaded_through
    from ops.builds
    where
        ledger_manifests is not null
        and models_failed = 0
        and models_skipped = 0
    qualify row_number() over (order by finished_at desc) = 1
)

select ledger.ledger_manifests
from ledger
left join last_whole_build
    on
        ledger.ledger_manifests = last_whole_build.ledger_manifests
        and ledger.ledger_loaded_through = last_whole_build.ledger_loaded_through
where
    ledger.ledger_manifests > 0
    and last_whole_build.ledger_manifests is null
