select
    known_from,
    case
        when
            lead(known_from) over (partition by dataset, row_key, field order by known_from, override_id) is not null
            then 'over'
        when is_retracted then 'retracted'
        else 'in force'
    end as state,
    dataset,
    row_key,
    field,
    value,
    reason,
    author
from ops.overrides
order by known_from desc, override_id desc
limit 200
