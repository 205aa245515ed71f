{#
    What was known when of closures that the calendar lacks (exchange_closures): those of SNOWTAPE_EXCHANGE_CLOSURES, and
    those that the exchange announced. A manifest says which it knew from 400 days before it on (ingest/closures.py): the
    newest that covers a day is right about it. A row each time that this changes, so that what was built is found.
#}
{{ config(materialized='incremental', incremental_strategy='append') }}
-- depends_on: {{ ref('snapshot_polygon__option_contracts') }}
with statements as (
    select
        manifest_id,
        to_date(left(manifest_id, 8), 'YYYYMMDD') as stated_date,
        exchange_closures
    from {{ source('raw', 'load_ledger') }}
    where exchange_closures is not null
),

listed as (
    select
        statements.manifest_id,
        day.value::varchar::date as closure_date
    from statements,
        lateral flatten(input => statements.exchange_closures) as day
),

closures as (
    select distinct closure_date
    from listed
),

announced as (
    select
        closures.closure_date,
        max_by(listed.closure_date is not null, statements.manifest_id) as is_closed
    from closures
    inner join statements
        on closures.closure_date >= dateadd('day', -400, statements.stated_date)
    left join listed
        on
            statements.manifest_id = listed.manifest_id
            and closures.closure_date = listed.closure_date
    group by closures.closure_date
),

now_known as (
    select closure_date
    from announced
    where is_closed
    {%- for closure in named_exchange_closures() %}
    union distinct
    select '{{ closure }}'::date as closure_date
    {%- endfor %}
)
{%- if is_incremental() %},

known_before as (
    select
        closure_date,
        max_by(is_closed, recorded_at) as is_closed
    from {{ this }}
    group by closure_date
)
{%- endif %}

select
    {{ 'coalesce(now_known.closure_date, known_before.closure_date)' if is_incremental() else 'now_known.closure_date' }} as closure_date,
    now_known.closure_date is not null as is_closed,
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6) as recorded_at
from now_known
{%- if is_incremental() %}
full outer join known_before
    on now_known.closure_date = known_before.closure_date
where (now_known.closure_date is not null) <> coalesce(known_before.is_closed, false)
{%- endif %}
