{{ config(materialized='view') }}

-- depends_on: {{ ref('snapshot_polygon__option_chain') }}
{# What is held of an underlying's chain in a session: bars of all its contracts, where a manifest says so; the snapshot,
   where all its pages came. By underlying as it was asked for; * is every one, of which there are bars alone. #}
with bars as (
    select distinct
        {{ underlying_of('symbols.value::varchar') }} as underlying_ticker,
        try_to_date(sessions.value::varchar, 'YYYY-MM-DD') as session_date
    from {{ source('raw', 'load_ledger') }} as load_ledger,
        lateral flatten(input => load_ledger.covers) as covers,
        lateral flatten(input => covers.value:symbols) as symbols,
        lateral flatten(input => covers.value:sessions) as sessions
    where
        load_ledger.family = 'options'
{%- if var('as_of', none) %}
        and load_ledger.loaded_at <= '{{ var('as_of') }}'::timestamp_ntz
{%- endif %}
),

snapshots as (
    select distinct
        {{ underlying_of("replace(split_part(lines.request:path::varchar, '/', -1), '%3A', ':')") }} as underlying_ticker,
        try_to_date(split_part(lines.object_key, '/', -3), 'YYYY-MM-DD') as session_date
    from {{ source('raw', 'option_chain') }} as lines
    inner join {{ ref('stg_polygon__answers') }} as answers
        on
            answers.dataset = 'option_chain'
            and lines.manifest_id = answers.manifest_id
            and lines.object_key = answers.object_key
            and lines.line_number = answers.line_number
    where
        answers.page_number = 1
        and not answers.is_broken
{%- if var('as_of', none) %}
        and answers.answered_at <= '{{ var('as_of') }}'::timestamp_ntz
{%- endif %}
)

select
    coalesce(bars.underlying_ticker, snapshots.underlying_ticker) as underlying_ticker,
    coalesce(bars.session_date, snapshots.session_date) as session_date,
    bars.session_date is not null as has_all_bars,
    snapshots.session_date is not null as has_whole_snapshot
from bars
full outer join snapshots
    on
        bars.underlying_ticker = snapshots.underlying_ticker
        and bars.session_date = snapshots.session_date
