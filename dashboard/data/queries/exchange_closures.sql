select closure_date
from ops.exchange_closures
order by closure_date
