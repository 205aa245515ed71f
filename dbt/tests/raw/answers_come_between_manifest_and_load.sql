-- Incident: a worker's clock was in 2099, and what it fetched stayed in force whatever was fetched after it. The load
-- refuses such an answer; this finds one that came past it.
{% for dataset in datasets() + ['stock_bar_files', 'option_bar_files'] %}
select
    '{{ dataset }}' as dataset,
    lines.manifest_id,
    lines.object_key,
    lines.line_number,
    lines.fetched_at,
    lines.loaded_at
from {{ source('raw', dataset) }} as lines
where
    lines.fetched_at > dateadd('hour', 1, lines.loaded_at)
    or lines.fetched_at < try_to_timestamp_ntz(
        left(lines.manifest_id, 8) || substr(lines.manifest_id, 10, 6),
        'YYYYMMDDHH24MISS'
    )
{% if not loop.last %}
union all
{% endif %}
{% endfor %}
