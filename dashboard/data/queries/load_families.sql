select
    family,
    count(*) as manifests,
    sum(case when is_complete then 0 else 1 end) as incomplete,
    sum(rows_loaded) as rows_loaded,
    max(loaded_at) as loaded_at
from ops.loads
group by family
order by family
