select
    manifest_key,
    manifest_sha256,
    loaded_at
from raw.load_ledger
where
    family = %s
    and manifest_sha256 is not null
