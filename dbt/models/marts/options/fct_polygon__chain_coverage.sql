{{ config(materialized='view') }}

{# Whether what is summed up over a chain is all of it. A manifest covers an underlying under the ticker that it was asked
   for, which may be another one of its security. #}
with names as (
    select
        security_id,
        ticker
    from {{ ref('int_polygon__ticker_spans') }}
    where known_until is null
    group by
        security_id,
        ticker
),

held as (
    select
        names.security_id,
        covered.session_date,
        boolor_agg(covered.has_all_bars) as has_all_bars,
        boolor_agg(covered.has_whole_snapshot) as has_whole_snapshot
    from {{ ref('int_polygon__chains_covered') }} as covered
    inner join names
        on covered.underlying_ticker = names.ticker
    group by
        names.security_id,
        covered.session_date
),

sums as (
    select
        chains.underlying_ticker,
        chains.underlying_security_id,
        chains.session_date,
        chains.contracts,
        chains.contracts_without_open_interest,
        chains.expired_without_open_interest,
        coalesce(held.has_all_bars, named.has_all_bars, false) or every_one.session_date is not null as has_all_bars,
        coalesce(held.has_whole_snapshot, named.has_whole_snapshot, false) as has_whole_snapshot
    from {{ ref('fct_polygon__put_call_ratio') }} as chains
    left join held
        on
            chains.underlying_security_id = held.security_id
            and chains.session_date = held.session_date
    left join {{ ref('int_polygon__chains_covered') }} as named
        on
            chains.underlying_ticker = named.underlying_ticker
            and chains.session_date = named.session_date
    left join {{ ref('int_polygon__chains_covered') }} as every_one
        on
            every_one.underlying_ticker = '*'
            and chains.session_date = every_one.session_date
)

select
    underlying_ticker,
    underlying_security_id,
    session_date,
    contracts,
    contracts_without_open_interest,
    has_all_bars as is_volume_complete,
    iff(has_all_bars, null, 'not all contracts of the session were requested') as volume_incomplete_reason,
    has_whole_snapshot and contracts_without_open_interest = 0 as is_open_interest_complete,
    case
        when contracts_without_open_interest = contracts then 'no snapshot'
        when not has_whole_snapshot then 'pages of the snapshot are missing'
        when contracts_without_open_interest > expired_without_open_interest then 'contracts traded that the snapshot lacks'
        when contracts_without_open_interest > 0 then 'contracts expired in the session, and the snapshot has them no more'
    end as open_interest_incomplete_reason
from sums
