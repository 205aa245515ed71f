select distinct load_rejects.manifest_key
from raw.load_rejects
where
    load_rejects.family = %s
    and not exists (
        select 1
        from raw.load_ledger
        where
            load_ledger.family = load_rejects.family
            and load_ledger.manifest_id = load_rejects.manifest_id
    )
