-- What became of each model of one build, in the order in which dbt took them up.
select
    model_name,
    layer,
    materialization,
    status,
    started_at,
    execution_seconds,
    stored_rows,
    message
from ops.build_models
where build_id = :build_id
order by started_at nulls last, model_name
