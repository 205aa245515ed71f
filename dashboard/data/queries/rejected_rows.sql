-- The newest rejected rows as the API sent them, and where they lie.
select
    dataset,
    rejection_reason,
    symbol,
    row_date,
    raw_row,
    object_key,
    line_number,
    fetched_at
from ops.rejected_rows
order by fetched_at desc, dataset asc, object_key asc, line_number asc, result_index asc
limit :rows
