select
    load_ledger.manifest_id,
    load_ledger.family,
    suspects.value:dataset::varchar as dataset,
    to_date(suspects.value:session::varchar, 'YYYY-MM-DD') as session_date,
    suspects.value:result_rows::number as result_rows,
    suspects.value:expected_rows::number as expected_rows,
    suspects.value:fetches::number as fetches,
    load_ledger.loaded_at
from {{ source('raw', 'load_ledger') }} as load_ledger,
    lateral flatten(input => load_ledger.suspect_sessions) as suspects
