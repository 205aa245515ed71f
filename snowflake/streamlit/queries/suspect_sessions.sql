select
    dataset,
    session_date,
    result_rows,
    expected_rows,
    fetches,
    loaded_at
from ops.suspect_sessions
order by session_date desc
limit 200
