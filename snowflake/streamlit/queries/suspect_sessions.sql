select
    state,
    dataset,
    session_date,
    reason as why,
    result_rows,
    expected_rows,
    fetches,
    loaded_at,
    closed_at,
    closed_by_manifest_id
from ops.suspect_sessions
order by iff(state = 'open', 0, 1) asc, session_date desc
limit 200
