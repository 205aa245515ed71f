-- One row a stage of the pipeline: what is newest there, and since when.
select
    'stock bars' as stage,
    to_varchar(max(session_date)) as newest,
    max(fetched_at) as since
from marts.fct_polygon__stock_bars_performance
union all
select
    'option chain' as stage,
    to_varchar(max(session_date)) as newest,
    max(fetched_at) as since
from marts.fct_polygon__option_chain
union all
select
    'load of ' || family as stage,
    max(manifest_id) as newest,
    max(loaded_at) as since
from ops.loads
group by family
union all
select
    'dbt build' as stage,
    max_by(build_id, finished_at) as newest,
    max(finished_at) as since
from ops.builds
order by stage
