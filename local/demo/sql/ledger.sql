select
    manifest_id,
    family,
    result_rows,
    loaded_at
from raw.load_ledger
