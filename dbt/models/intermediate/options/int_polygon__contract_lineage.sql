{#
    What became of a contract when its underlying was split or renamed: a row a contract and span of days, of the contracts
    that lived then and of what they became. docs/identity.md has the rules.

    A split or a rename ends every contract of the underlying's security with the session before, and begins others: the
    same symbol names another contract after a split than before it. Evidence of a contract in a span is a bar, a chain or
    a listing of its days. Of two contracts, one before the day and one after it, with the same expiration and type, the
    second is what the first became

    - after a rename, by strike and deliverable as they were, under a root of the new ticker;
    - after a split, by the strike times from/to, to the cent, and either the same deliverable (as many contracts for
      each as the split made shares) or as many more shares;
    - after a split, by the same strike and as many more, or fewer, shares: reverse splits leave the strike alone.

    Where several fit, or the deliverable of the only one is not known, nothing is joined, and the reason says so.
    A table that is made whole each time: what is learned late about a security needs nothing else.
#}
{{ config(materialized='table') }}
{%- set number = "regexp_replace(to_varchar({}::number(18, 4)), '[.]?0+$', '')" %}
{%- set adjusted = "regexp_like({}.option_root, '.*[0-9]')" %}
with recursive spans as (
    select
        security_id,
        ticker,
        valid_from
    from {{ ref('int_polygon__ticker_spans') }}
    where known_until is null
),

followed as (
    select
        security_id,
        valid_from as event_date,
        ticker as to_ticker,
        lag(ticker) over (partition by security_id order by valid_from nulls first) as from_ticker
    from spans
),

renames as (
    select *
    from followed
    where
        from_ticker <> to_ticker
        and event_date is not null
),

splits as (
    select
        security_id,
        event_date,
        iff(count(*) = 1, max(split_from / split_to), exp(sum(ln(split_from / split_to)))) as split_ratio,
        max(split_from) as split_from,
        max(split_to) as split_to
    from {{ ref('int_polygon__stock_events') }}
    where
        split_from is not null
        and event_date <= {{ newest_session() }}
    group by
        security_id,
        event_date
),

events as (
    select
        coalesce(splits.security_id, renames.security_id) as security_id,
        coalesce(splits.event_date, renames.event_date) as event_date,
        coalesce(splits.split_ratio, 1) as split_ratio,
        1 / coalesce(splits.split_ratio, 1) as shares_ratio,
        splits.split_ratio is not null as is_split,
        renames.to_ticker is not null as is_rename,
        splits.split_from,
        splits.split_to,
        renames.from_ticker,
        renames.to_ticker,
        replace(renames.to_ticker, '.', '') as to_root
    from splits
    full outer join renames
        on
            splits.security_id = renames.security_id
            and splits.event_date = renames.event_date
),

affected as (
    select distinct spans.ticker
    from spans
    inner join events
        on spans.security_id = events.security_id
),

seen as (
    select
        quoted.contract_ticker,
        quoted.underlying_ticker,
        quoted.option_root,
        quoted.session_date,
        null::float as shares_per_contract,
        null::boolean as has_additional_underlyings,
        null::varchar as additional_deliverables,
        1 as quotes
    from {{ ref('int_polygon__options_bars_enriched') }} as quoted
    inner join affected
        on quoted.underlying_ticker = affected.ticker
    union all
    select
        listed.contract_ticker,
        listed.underlying_ticker,
        {{ option_root('listed.contract_ticker') }} as option_root,
        listed.listed_date as session_date,
        listed.shares_per_contract,
        listed.has_additional_underlyings,
        listed.additional_deliverables,
        0 as quotes
    from {{ ref('int_polygon__contracts_listed') }} as listed
    inner join affected
        on listed.underlying_ticker = affected.ticker
),

{{ underlying_securities('seen') }}

days as (
    select distinct
        underlying_security_id,
        session_date
    from owned
),

bounded as (
    select
        days.underlying_security_id,
        days.session_date,
        max(iff(events.event_date <= days.session_date, events.event_date, null)) as begun_date,
        min(iff(events.event_date > days.session_date, events.event_date, null)) as next_date
    from days
    left join events
        on days.underlying_security_id = events.security_id
    group by
        days.underlying_security_id,
        days.session_date
),

stretches as (
    select
        owned.contract_ticker,
        owned.option_root,
        owned.underlying_security_id,
        bounded.begun_date,
        bounded.next_date,
        max_by(owned.underlying_ticker, owned.session_date) as underlying_ticker,
        min(owned.session_date) as first_seen_date,
        max(owned.session_date) as last_seen_date,
        sum(owned.quotes) as quotes,
        count(*) - sum(owned.quotes) as listings,
        max_by(owned.shares_per_contract, iff(owned.quotes = 0, owned.session_date, null)) as shares_listed,
        boolor_agg(owned.has_additional_underlyings) as has_additional_underlyings,
        max_by(owned.additional_deliverables, iff(owned.quotes = 0, owned.session_date, null)) as additional_deliverables
    from owned
    inner join bounded
        on
            owned.underlying_security_id = bounded.underlying_security_id
            and owned.session_date = bounded.session_date
    group by
        owned.contract_ticker,
        owned.option_root,
        owned.underlying_security_id,
        bounded.begun_date,
        bounded.next_date
),

{# A contract that has expired by then is not touched by what comes later. #}
pieces as (
    select
        stretches.*,
        {{ option_root_underlying('option_root') }} as plain_root,
        {{ option_expiration('contract_ticker') }} as expiration_date,
        {{ option_type('contract_ticker') }} as contract_type,
        {{ option_strike('contract_ticker') }} as strike_usd,
        {# A plain root delivers 100 shares; what an adjusted one delivers, only the reference says. #}
        coalesce(shares_listed, iff({{ adjusted.format('stretches') }}, null, 100)) as shares_per_contract,
        coalesce(has_additional_underlyings, false) as delivers_more,
        iff(expiration_date >= next_date, next_date, null) as ended_date,
        count(*) over (partition by contract_ticker) as pieces_of_ticker,
        row_number() over (partition by contract_ticker order by first_seen_date) as piece_of_ticker,
        contract_ticker || '|' || underlying_security_id || '|' || coalesce(to_char(begun_date, 'YYYY-MM-DD'), '') as piece_id
    from stretches
),

compared as (
    select
        old.piece_id,
        new.piece_id as next_piece_id,
        old.contract_ticker,
        new.contract_ticker as next_contract_ticker,
        events.is_split,
        events.is_rename,
        events.event_date,
        events.split_from,
        events.split_to,
        events.split_ratio,
        events.from_ticker,
        events.to_ticker,
        old.strike_usd,
        new.strike_usd as next_strike_usd,
        old.shares_per_contract,
        new.shares_per_contract as next_shares_per_contract,
        old.shares_per_contract is null or new.shares_per_contract is null as is_unknown,
        abs(new.strike_usd - old.strike_usd * events.split_ratio) <= 0.005 + 1e-9 as is_strike_divided,
        abs(new.strike_usd - old.strike_usd) < 1e-9 as is_strike_kept,
        new.shares_per_contract = old.shares_per_contract as is_deliverable_kept,
        abs(new.shares_per_contract - old.shares_per_contract * events.shares_ratio) < 1 as is_deliverable_scaled,
        events.is_split
        and events.shares_ratio > 1
        and abs(events.shares_ratio - round(events.shares_ratio)) < 1e-9 as is_whole
    from pieces as old
    inner join events
        on
            old.underlying_security_id = events.security_id
            and old.ended_date = events.event_date
    inner join pieces as new
        on
            old.underlying_security_id = new.underlying_security_id
            and old.ended_date = new.begun_date
            and old.expiration_date = new.expiration_date
            and old.contract_type = new.contract_type
            and old.delivers_more = new.delivers_more
            and old.contract_ticker <> new.contract_ticker
            and new.plain_root = coalesce(events.to_root, old.plain_root)
            and (events.is_split or {{ adjusted.format('old') }} = {{ adjusted.format('new') }})
),

fitting as (
    select
        compared.*,
        case
            when not is_split then is_strike_kept and (is_unknown or is_deliverable_kept)
            when is_unknown then is_strike_divided or is_strike_kept
            when is_strike_divided and is_whole and is_deliverable_kept then true
            when is_strike_divided or is_strike_kept then is_deliverable_scaled
            else false
        end as is_fitting,
        iff(is_split and is_unknown, true, false) as is_doubtful,
        iff(is_strike_divided, split_ratio, 1) as price_ratio,
        iff(is_split and is_whole and is_deliverable_kept, round(1 / split_ratio), 1) as contracts_ratio
    from compared
),

candidates as (
    select
        fitting.*,
        count(*) over (partition by piece_id) as successors,
        count(*) over (partition by next_piece_id) as predecessors
    from fitting
    where is_fitting
),

links as (
    select
        candidates.*,
        iff(is_split, 'split', 'rename') || iff(is_split and is_rename, ' and rename', '') as joined_by,
        iff(
            is_split,
            'split ' || {{ number.format('split_from') }} || ':' || {{ number.format('split_to') }}
            || ' on ' || to_char(event_date, 'YYYY-MM-DD')
            || ': strike ' || {{ number.format('strike_usd') }} || ' to ' || {{ number.format('next_strike_usd') }}
            || ', ' || {{ number.format('shares_per_contract') }} || ' to '
            || {{ number.format('next_shares_per_contract') }} || ' shares a contract',
            ''
        )
        || iff(is_split and is_rename, '; ', '')
        || iff(
            is_rename,
            from_ticker || ' renamed ' || to_ticker || ' on ' || to_char(event_date, 'YYYY-MM-DD'),
            ''
        ) as evidence
    from candidates
    where
        successors = 1
        and predecessors = 1
        and not is_doubtful
),

doubts as (
    select
        piece_id,
        'what it became is not settled: '
        || listagg(
            next_contract_ticker || iff(is_doubtful, ' (its deliverable is not known)', ''), ', '
        ) within group (order by next_contract_ticker) as reason
    from candidates
    where
        successors > 1
        or predecessors > 1
        or is_doubtful
    group by piece_id
    union all
    select
        next_piece_id as piece_id,
        'what it was before is not settled: '
        || listagg(contract_ticker, ', ') within group (order by contract_ticker) as reason
    from candidates
    where
        successors > 1
        or predecessors > 1
        or is_doubtful
    group by next_piece_id
),

reasons as (
    select
        piece_id,
        listagg(reason, '; ') within group (order by reason) as reason
    from doubts
    group by piece_id
),

chained (piece_id, first_ticker, first_begun_date, price_product, contracts_product, place) as (
    select
        pieces.piece_id,
        pieces.contract_ticker as first_ticker,
        iff(pieces.piece_of_ticker > 1, coalesce(pieces.begun_date, pieces.first_seen_date), null) as first_begun_date,
        1::float as price_product,
        1::float as contracts_product,
        1 as place
    from pieces
    left join links
        on pieces.piece_id = links.next_piece_id
    where links.next_piece_id is null
    union all
    select
        links.next_piece_id as piece_id,
        chained.first_ticker,
        chained.first_begun_date,
        chained.price_product * links.price_ratio as price_product,
        chained.contracts_product * links.contracts_ratio as contracts_product,
        chained.place + 1 as place
    from chained
    inner join links
        on chained.piece_id = links.piece_id
),

named as (
    select
        chained.piece_id,
        chained.first_ticker
        || coalesce(' since ' || to_char(chained.first_begun_date, 'YYYY-MM-DD'), '') as contract_id,
        chained.price_product,
        chained.contracts_product,
        chained.place
    from chained
),

scaled as (
    select
        named.*,
        first_value(named.price_product) over (
            partition by named.contract_id
            order by named.place desc
        ) as last_price_product,
        first_value(named.contracts_product) over (
            partition by named.contract_id
            order by named.place desc
        ) as last_contracts_product
    from named
)

select
    pieces.contract_ticker,
    pieces.begun_date as valid_from,
    pieces.ended_date as valid_until,
    scaled.contract_id,
    pieces.underlying_ticker,
    pieces.underlying_security_id,
    pieces.expiration_date,
    pieces.contract_type,
    pieces.strike_usd,
    pieces.shares_per_contract,
    pieces.additional_deliverables,
    old.contract_ticker as predecessor_ticker,
    new.next_contract_ticker as successor_ticker,
    old.joined_by,
    old.evidence,
    scaled.last_price_product / scaled.price_product as price_factor,
    round(scaled.last_contracts_product / scaled.contracts_product) as contracts_factor,
    coalesce(
        reasons.reason,
        iff(pieces.ended_date is not null and new.piece_id is null, 'what it became is not known', null)
    ) as uncertain_reason,
    pieces.first_seen_date,
    pieces.last_seen_date
from pieces
inner join scaled
    on pieces.piece_id = scaled.piece_id
left join links as old
    on pieces.piece_id = old.next_piece_id
left join links as new
    on pieces.piece_id = new.piece_id
left join reasons
    on pieces.piece_id = reasons.piece_id
where
    pieces.ended_date is not null
    or old.piece_id is not null
    or reasons.reason is not null
    or pieces.pieces_of_ticker > 1
order by pieces.contract_ticker, pieces.begun_date
