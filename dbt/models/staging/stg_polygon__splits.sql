select
    split_id,
    ticker,
    execution_date,
    split_from,
    split_to,
    adjustment_type,
    fetched_at,
    manifest_id,
    recorded_at,
    override_reason
from {{ ref('stg_polygon__splits_versions') }}
where
    {{ is_known() }}
    and not is_dropped
{# One split under two ids would count twice, and so would 2 for 1 and 4 for 2. #}
qualify row_number() over (
    partition by ticker, execution_date, round(split_from / split_to, 9)
    order by fetched_at desc, split_id desc
) = 1
