select manifest_id
from raw.load_ledger
where
    family = %s
    and manifest_id > %s
