-- The newest result of every test, also of one that the newest run didn't hold, and what it adds to Health.
select
    test_id,
    test_name,
    model_name,
    column_name,
    status,
    severity,
    failing_rows,
    failing_rows_before,
    new_failing_rows,
    health,
    is_muted,
    accepted_rows,
    muted_until,
    mute_reason,
    mute_author,
    execution_seconds,
    message,
    run_id,
    executed_at
from ops.test_states
