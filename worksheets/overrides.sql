-- What the vendor has wrong in our eyes: what was overruled, by whom, why, from when until when.
-- How to enter and to retract one: docs/runbook.md.
set since = '2026-01-01';

with decisions as (
    select
        dataset,
        row_key,
        field,
        value,
        is_retracted,
        reason,
        author,
        known_from,
        lead(known_from) over (partition by dataset, row_key, field order by known_from, override_id) as known_until
    from ops.overrides
)

select
    dataset,
    row_key,
    field,
    value,
    reason,
    author,
    known_from,
    known_until,
    case
        when known_until is not null then 'over'
        when is_retracted then 'retracted'
        else 'in force'
    end as state
from decisions
where known_from >= to_timestamp_ntz($since)
order by known_from desc;
