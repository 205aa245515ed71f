select
    'sessions' as name,
    count(distinct session_date) as figure
from marts.fct_polygon__stock_bars_performance
union all
select
    'tickers',
    count(distinct ticker)
from marts.fct_polygon__stock_bars_performance
union all
select
    'manifests',
    count(*)
from raw.load_ledger
union all
select
    'objects',
    coalesce(sum(array_size(objects)), 0)
from raw.load_ledger
union all
select
    'raw responses',
    coalesce(sum(rows_loaded), 0)
from raw.load_ledger
union all
select
    'raw result rows',
    coalesce(sum(result_rows), 0)
from raw.load_ledger
union all
select
    'stock bar versions',
    count(*)
from snapshots.snapshot_polygon__stock_bars
union all
select
    'option bar versions',
    count(*)
from snapshots.snapshot_polygon__options_bars
union all
select
    'stock mart rows',
    count(*)
from marts.fct_polygon__stock_bars_performance
union all
select
    'option mart rows',
    count(*)
from marts.fct_polygon__option_chain
