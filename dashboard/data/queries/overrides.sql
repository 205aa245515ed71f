-- The newest decisions of ops.overrides: one that another of the same field has followed is over.
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
order by known_from desc, override_id desc
limit :rows
