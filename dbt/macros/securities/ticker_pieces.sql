{#
    Whose a ticker was, piece by piece, at each moment: CTEs of int_polygon__ticker_spans_claimed, made of `segments` and
    `in_segments` (ticker_frames). A segment is cut where two claims contradict each other. docs/identity.md has the rules.
#}
{% macro ticker_pieces() -%}
{%- set of_segment = 'partition by ticker, moment, segment_date' %}
{%- set in_order = 'order by claim_date, line_order, source, security_key, cik' %}
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
        bounded.valid_from as from_date,
        case
            when handed_over.ticker is not null then handed_over.unknown_from
            when bounded.next_seen_date is not null then bounded.next_seen_date
            else coalesce(bounded.segment_until_date, '9999-12-31'::date)
        end as until_date,
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
        unknown_from as from_date,
        unknown_until as until_date,
        'another identity' as begun_by,
        null as sources,
        null as security_key,
        null as composite_figi,
        null as share_class_figi,
        null as cik,
        'it passed from one security to another in these days' as uncertain_reason
    from handed_over
),
{%- endmacro %}
