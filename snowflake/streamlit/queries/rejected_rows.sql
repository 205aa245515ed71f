-- By day and reason how many rows were rejected, and one of them as the API sent it.
select
    fetched_date,
    dataset,
    rejection_reason,
    count(*) as rejected_rows,
    count(distinct symbol) as symbols,
    max_by(raw_row, fetched_at) as newest_raw_row,
    max_by(object_key, fetched_at) as newest_object_key,
    max_by(line_number, fetched_at) as newest_line_number
from ops.rejected_rows
group by
    fetched_date,
    dataset,
    rejection_reason
order by fetched_date desc, rejected_rows desc
limit 200
