{#
    Whose ticker it was, piece by piece, at each moment at which something about it became known: claims
    (int_polygon__ticker_claims) in order, cut where events, a delisting, a silence or a decision say so, and where two
    claims contradict each other. docs/identity.md has the rules.

    Frames: what is known of a ticker changes at moments, the last one of a day counts for the day; at each the pieces are
    found anew, and before the first one stands what bars alone say. Lines: the claims of a frame, cuts first.
#}
{{ config(materialized='view') }}
{%- set of_frame = 'partition by ticker, moment' %}
{%- set of_segment = 'partition by ticker, moment, segment_date' %}
{%- set in_order = 'order by claim_date, line_order, source, security_key, cik' %}
{%- set beginning = beginning_of_time() %}
with claims as (
    select *
    from {{ ref('int_polygon__ticker_claims') }}
),

stretches as (
    select *
    from {{ ref('int_polygon__ticker_stretches') }}
),

moments as (
    select
        ticker,
        known_from as moment
    from claims
    union distinct
    select
        ticker,
        known_until as moment
    from claims
    where known_until is not null
),

days as (
    select
        ticker,
        max(moment) as moment
    from moments
    group by
        ticker,
        to_date(moment)
    union all
    select distinct
        ticker,
        {{ beginning }}::timestamp_ntz(6) as moment
    from stretches
),

frames as (
    select
        ticker,
        moment,
        lead(moment) over (partition by ticker order by moment) as next_moment,
        row_number() over (partition by ticker order by moment) as frame_number
    from days
),

told as (
    select
        frames.ticker,
        frames.moment,
        claims.claim_date,
        claims.source,
        claims.is_cut,
        claims.security_key,
        claims.composite_figi,
        claims.share_class_figi,
        claims.cik
    from frames
    inner join claims
        on
            frames.ticker = claims.ticker
            and frames.moment >= claims.known_from
            and coalesce(frames.moment < claims.known_until, true)
    union all
    select
        frames.ticker,
        frames.moment,
        stretches.first_session_date as claim_date,
        'silence' as source,
        true as is_cut,
        null as security_key,
        null as composite_figi,
        null as share_class_figi,
        null as cik
    from frames
    inner join stretches
        on frames.ticker = stretches.ticker
    qualify row_number() over (
        partition by frames.ticker, frames.moment
        order by stretches.first_session_date
    ) > 1
),

decided as (
    select
        ticker,
        moment,
        claim_date as from_date,
        lead(claim_date) over ({{ of_frame }} order by claim_date) as until_date,
        security_key
    from told
    where source = 'override'
),

believed as (
    select told.*
    from told
    left join decided
        on
            told.ticker = decided.ticker
            and told.moment = decided.moment
            and told.claim_date >= decided.from_date
            and coalesce(told.claim_date < decided.until_date, true)
            and decided.security_key is not null
    where
        decided.ticker is null
        or told.source = 'override'
),

cuts as (
    select
        ticker,
        moment,
        claim_date,
        case
            when boolor_agg(source = 'override') then 'override'
            when boolor_agg(source = 'ticker_events') then 'ticker_events'
            when boolor_agg(source = 'delisting') then 'delisting'
            else 'silence'
        end as begun_by
    from believed
    where is_cut
    group by
        ticker,
        moment,
        claim_date
    union all
    select
        ticker,
        moment,
        {{ beginning }}::date as claim_date,
        null as begun_by
    from frames
),

segments as (
    select
        ticker,
        moment,
        claim_date as segment_date,
        begun_by,
        lead(claim_date) over ({{ of_frame }} order by claim_date) as segment_until_date
    from cuts
),

lines as (
    select
        ticker,
        moment,
        claim_date,
        0 as line_order,
        null as source,
        null as security_key,
        null as composite_figi,
        null as share_class_figi,
        null as cik
    from cuts
    union all
    select
        ticker,
        moment,
        claim_date,
        1 as line_order,
        source,
        security_key,
        composite_figi,
        share_class_figi,
        cik
    from believed
    where
        not is_cut
        or security_key is not null
        or cik is not null
),

in_segments as (
    select
        lines.*,
        max(iff(line_order = 0, claim_date, null)) over (
            {{ of_frame }} {{ in_order }}
            rows between unbounded preceding and current row
        ) as segment_date
    from lines
),

{# A FIGI that more than one ticker has had goes on elsewhere: another one on the ticker is no correction of it. #}
lasting as (
    select security_key
    from claims
    where security_key is not null
    group by security_key
    having count(distinct ticker) > 1
),

followed as (
    select
        in_segments.*,
        last_value(security_key) ignore nulls over (
            {{ of_segment }} {{ in_order }}
            rows between unbounded preceding and 1 preceding
        ) as key_before,
        last_value(cik) ignore nulls over (
            {{ of_segment }} {{ in_order }}
            rows between unbounded preceding and 1 preceding
        ) as cik_before
    from in_segments
),

changed as (
    select
        followed.*,
        case
            when followed.security_key <> followed.key_before
                then
                    lasting.security_key is not null
                    or lasting_before.security_key is not null
                    or coalesce(followed.cik <> followed.cik_before, true)
            when followed.security_key = followed.key_before then false
            else coalesce(followed.cik <> followed.cik_before, false)
        end as is_change
    from followed
    left join lasting
        on followed.security_key = lasting.security_key
    left join lasting as lasting_before
        on followed.key_before = lasting_before.security_key
),

numbered as (
    select
        changed.*,
        sum(iff(is_change, 1, 0)) over (
            {{ of_segment }} {{ in_order }}
            rows between unbounded preceding and current row
        ) as piece_number,
        to_char(claim_date, 'YYYY-MM-DD') || source as seen_place
    from changed
),

summed as (
    select
        ticker,
        moment,
        segment_date,
        piece_number,
        min(iff(line_order = 1, claim_date, null)) as first_seen_date,
        max(iff(line_order = 1, claim_date, null)) as last_seen_date,
        max_by(security_key, iff(security_key is null, null, seen_place || security_key)) as security_key,
        count(distinct security_key) as keys,
        max_by(composite_figi, iff(composite_figi is null, null, seen_place || composite_figi)) as composite_figi,
        max_by(
            share_class_figi, iff(share_class_figi is null, null, seen_place || share_class_figi)
        ) as share_class_figi,
        max_by(cik, iff(cik is null, null, seen_place || cik)) as cik,
        nullif(
            iff(boolor_agg(source = 'override'), 'override ', '')
            || iff(boolor_agg(source = 'tickers'), 'tickers ', '')
            || iff(boolor_agg(source = 'ticker_listings'), 'ticker_listings ', '')
            || iff(boolor_agg(source = 'ticker_events'), 'ticker_events ', ''),
            ''
        ) as sources
    from numbered
    group by
        ticker,
        moment,
        segment_date,
        piece_number
),

bounded as (
    select
        summed.*,
        segments.segment_until_date,
        lead(summed.first_seen_date) over (
            partition by summed.ticker, summed.moment, summed.segment_date
            order by summed.piece_number
        ) as next_seen_date,
        iff(summed.piece_number = 0, summed.segment_date, summed.first_seen_date) as valid_from,
        iff(summed.piece_number = 0, segments.begun_by, 'another identity') as begun_by
    from summed
    inner join segments
        on
            summed.ticker = segments.ticker
            and summed.moment = segments.moment
            and summed.segment_date = segments.segment_date
),

{# Between the last day that one is seen and the first that another one is: no session is nothing to doubt. #}
handed_over as (
    select
        bounded.ticker,
        bounded.moment,
        bounded.valid_from,
        dateadd('day', 1, bounded.last_seen_date) as unknown_from,
        bounded.next_seen_date as unknown_until
    from bounded
    inner join {{ ref('int_polygon__exchange_days') }} as days
        on
            bounded.last_seen_date < days.calendar_date
            and bounded.next_seen_date > days.calendar_date
            and days.is_session
    where bounded.next_seen_date is not null
    group by
        bounded.ticker,
        bounded.moment,
        bounded.valid_from,
        bounded.last_seen_date,
        bounded.next_seen_date
),

pieces as (
    select
        bounded.ticker,
        bounded.moment,
        bounded.valid_from,
        case
            when handed_over.ticker is not null then handed_over.unknown_from
            when bounded.next_seen_date is not null then bounded.next_seen_date
            else bounded.segment_until_date
        end as valid_until,
        bounded.begun_by,
        bounded.sources,
        bounded.security_key,
        bounded.composite_figi,
        bounded.share_class_figi,
        bounded.cik,
        iff(
            bounded.keys > 1 and coalesce(bounded.sources <> 'override ', true),
            'its FIGI changed while its CIK stayed: taken for a correction',
            null
        ) as uncertain_reason
    from bounded
    left join handed_over
        on
            bounded.ticker = handed_over.ticker
            and bounded.moment = handed_over.moment
            and bounded.valid_from = handed_over.valid_from
    union all
    select
        ticker,
        moment,
        unknown_from as valid_from,
        unknown_until as valid_until,
        'another identity' as begun_by,
        null as sources,
        null as security_key,
        null as composite_figi,
        null as share_class_figi,
        null as cik,
        'it passed from one security to another in these days' as uncertain_reason
    from handed_over
)

select
    pieces.*,
    frames.next_moment,
    frames.frame_number
from pieces
inner join frames
    on
        pieces.ticker = frames.ticker
        and pieces.moment = frames.moment
