select
    split_id,
    ticker,
    execution_date,
    split_from,
    split_to,
    adjustment_type,
    fetched_at,
    manifest_id,
    recorded_at
from {{ ref('snapshot_polygon__splits') }}
where {{ is_known() }}
{# One split under two ids would count twice. #}
qualify row_number() over (
    partition by ticker, execution_date, split_from, split_to
    order by fetched_at desc, split_id desc
) = 1
