-- By day, dataset and reason: how many rows were rejected, of how many symbols.
select
    fetched_date,
    dataset,
    rejection_reason,
    count(*) as rejected_rows,
    count(distinct symbol) as symbols,
    max(fetched_at) as last_fetched_at
from ops.rejected_rows
group by
    fetched_date,
    dataset,
    rejection_reason
order by fetched_date desc, rejected_rows desc, dataset asc, rejection_reason asc
limit :rows
