{# For readers, who see no staging: what was rejected, why, and the row as the API sent it. #}
select
    dataset,
    to_date(convert_timezone('UTC', 'America/New_York', fetched_at)) as fetched_date,
    rejection_reason,
    symbol,
    row_date,
    to_json(result) as raw_row,
    manifest_id,
    object_key,
    {# A flat file is one answer: its rows are its lines. #}
    iff(object_key like '%.csv.gz', result_index, line_number) as line_number,
    result_index,
    fetched_at
from {{ ref('stg_polygon__rows_rejected') }}
