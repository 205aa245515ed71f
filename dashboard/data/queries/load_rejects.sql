select
    manifest_id,
    manifest_key,
    family,
    reason,
    rejected_at
from ops.load_rejects
order by rejected_at desc
limit :rows
