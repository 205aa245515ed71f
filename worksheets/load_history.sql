-- Loads and refusals by day and family: what came in, what was incomplete, what was refused and is still missing.
set since = '2026-11-01';

with days as (
    select
        to_date(loaded_at) as day,
        family,
        count(*) as manifests,
        sum(rows_loaded) as rows_loaded,
        sum(result_rows) as result_rows,
        sum(iff(is_complete, 0, 1)) as incomplete
    from ops.loads
    where loaded_at >= to_timestamp_ntz($since)
    group by to_date(loaded_at), family
),

refused as (
    select
        to_date(rejects.rejected_at) as day,
        rejects.family,
        count(distinct rejects.manifest_key) as refused,
        count(distinct iff(loads.manifest_id is null, rejects.manifest_key, null)) as still_missing
    from ops.load_rejects as rejects
    left join ops.loads as loads
        on rejects.family = loads.family and rejects.manifest_id = loads.manifest_id
    where rejects.rejected_at >= to_timestamp_ntz($since)
    group by to_date(rejects.rejected_at), rejects.family
)

select
    coalesce(days.day, refused.day) as load_date,
    coalesce(days.family, refused.family) as family,
    coalesce(days.manifests, 0) as manifests,
    coalesce(days.rows_loaded, 0) as rows_loaded,
    coalesce(days.result_rows, 0) as result_rows,
    coalesce(days.incomplete, 0) as incomplete,
    coalesce(refused.refused, 0) as refused,
    coalesce(refused.still_missing, 0) as still_missing
from days
full outer join refused on days.day = refused.day and days.family = refused.family
order by load_date desc, family asc;
