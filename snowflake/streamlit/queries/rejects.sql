-- Every refusal of the newest, with whether the manifest was loaded in the end.
select
    rejects.rejected_at,
    rejects.family,
    rejects.manifest_key,
    rejects.reason,
    loads.loaded_at
from ops.load_rejects as rejects
left join ops.loads as loads
    on rejects.family = loads.family and rejects.manifest_id = loads.manifest_id
order by rejects.rejected_at desc
limit 200
