-- Answers as raw lines of one manifest: each a path, its parameters and the response. The name of the raw table is put in.
insert into raw.{dataset} (
    manifest_id,
    object_key,
    line_number,
    request,
    response,
    fetched_at,
    loaded_at
)
select
    %(manifest_id)s as manifest_id,
    'raw/{dataset}/' || %(session)s || '/' || %(manifest_id)s || '/0000.ndjson.gz' as object_key,
    %(offset)s + given.index + 1 as line_number,
    object_construct('path', given.value:path, 'params', given.value:params) as request,
    given.value:response as response,
    %(fetched_at)s::timestamp_ntz as fetched_at,
    %(fetched_at)s::timestamp_ntz as loaded_at
from table(flatten(input => parse_json(%(lines)s))) as given
