{# What the dashboard's calendar has to know besides the installed one. #}
select closure_date
from {{ ref('int_polygon__exchange_closures') }}
group by closure_date
having max_by(is_closed, recorded_at)
