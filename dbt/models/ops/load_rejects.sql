select
    manifest_id,
    manifest_key,
    family,
    reason,
    rejected_at
from {{ source('raw', 'load_rejects') }}
