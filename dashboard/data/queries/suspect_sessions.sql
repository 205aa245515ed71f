select
    manifest_id,
    family,
    dataset,
    session_date,
    result_rows,
    expected_rows,
    fetches,
    loaded_at
from ops.suspect_sessions
order by loaded_at desc
limit :rows
