-- One row a stage of the pipeline: its newest session or version, when that came (UTC), and how many sessions after it
-- are due by now.
with stages as (
    select
        'stock bars' as stage,
        'stock_bars' as dataset,
        max(session_date) as session_date,
        null as version,
        max(fetched_at) as came_at
    from marts.fct_polygon__stock_bars_performance
    union all
    select
        'option chain' as stage,
        'option_chain' as dataset,
        max(session_date) as session_date,
        null as version,
        max(fetched_at) as came_at
    from marts.fct_polygon__option_chain
    union all
    select
        'load of ' || family as stage,
        null as dataset,
        null as session_date,
        max_by(manifest_id, loaded_at) as version,
        max(loaded_at) as came_at
    from ops.loads
    group by family
    union all
    select
        'dbt build' as stage,
        null as dataset,
        null as session_date,
        max_by(build_id, finished_at) as version,
        max(finished_at) as came_at
    from ops.builds
)

select
    stages.stage,
    stages.session_date,
    stages.version,
    stages.came_at,
    freshness.sessions_behind
from stages
left join ops.freshness as freshness
    on stages.dataset = freshness.dataset
order by stages.stage
