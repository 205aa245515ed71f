{# Catches two ratios of one ticker and day, or one ratio on two days of a week, of which prices don't show the right one
   (polygon-io/issues#311: 15 and 10 for 1). The newest counts; `ops.override` drops the other one. #}
{{ config(severity='warn') }}
select
    ticker,
    execution_date,
    split_id,
    split_from,
    split_to,
    is_chosen,
    price_ratio
from {{ ref('int_polygon__splits_chosen') }}
where not is_resolved
