select manifest_id
from raw.load_ledger
where family = %s
