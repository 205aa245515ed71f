select
    data_origin,
    count(*) as tickers
from marts.dim_polygon__tickers
group by data_origin
order by data_origin
