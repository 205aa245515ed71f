select
    manifest_id,
    family,
    dataset,
    session_date,
    result_rows,
    expected_rows,
    fetches,
    loaded_at,
    reason,
    state,
    closed_at,
    closed_by_manifest_id
from ops.suspect_sessions
order by iff(state = 'open', 0, 1) asc, loaded_at desc
limit :rows
