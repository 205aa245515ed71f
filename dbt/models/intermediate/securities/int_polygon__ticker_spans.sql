{#
    Whose ticker it was, from day to day, and since when we know: pieces (int_polygon__ticker_pieces) with the id of their
    security. Every bar is in one span of those that are known now. docs/identity.md says how an id is made.

    A table that is made whole each time: where nothing changed of a ticker, `recorded_at` stays, so that what is built
    along securities finds the tickers of which something did.
#}
{{ config(materialized='table') }}
{%- set of_frame = 'partition by ticker, moment' %}
{%- set beginning = beginning_of_time() %}
{%- set built = built_before() %}
{%- set named_by = ['security_id', 'begun_by', 'identified_by', 'composite_figi', 'share_class_figi', 'cik']
    + ['sources', 'uncertain_reason'] %}
with pieces as (
    select *
    from {{ ref('int_polygon__ticker_pieces') }}
),

stretches as (
    select *
    from {{ ref('int_polygon__ticker_stretches') }}
),

{# What a piece has of its ticker's stretches. Where it begins or ends within one, only the bars say in which sessions. #}
reached as (
    select
        pieces.ticker,
        pieces.moment,
        pieces.valid_from,
        dateadd('day', -1, coalesce(pieces.valid_until, '9999-12-31'::date)) as until_day,
        min(stretches.first_session_date) as traded_from,
        max(stretches.last_session_date) as traded_until,
        traded_from < pieces.valid_from or traded_until > until_day as is_within
    from pieces
    inner join stretches
        on
            pieces.ticker = stretches.ticker
            and pieces.valid_from <= stretches.last_session_date
            and coalesce(pieces.valid_until > stretches.first_session_date, true)
    group by
        pieces.ticker,
        pieces.moment,
        pieces.valid_from,
        pieces.valid_until
),

within as (
    select
        dated.ticker,
        dated.valid_from,
        dated.until_day,
        min(bars.session_date) as first_session_date,
        max(bars.session_date) as last_session_date
    from (
        select distinct
            reached.ticker,
            reached.valid_from,
            reached.until_day
        from reached
        where reached.is_within
    ) as dated
    inner join {{ ref('stg_polygon__stock_bars_casted') }} as bars
        on
            dated.ticker = bars.ticker
            and dated.valid_from <= bars.session_date
            and dated.until_day >= bars.session_date
    group by
        dated.ticker,
        dated.valid_from,
        dated.until_day
),

traded as (
    select
        reached.ticker,
        reached.moment,
        reached.valid_from,
        iff(reached.is_within, within.first_session_date, reached.traded_from) as traded_from,
        iff(reached.is_within, within.last_session_date, reached.traded_until) as traded_until
    from reached
    left join within
        on
            reached.ticker = within.ticker
            and reached.valid_from = within.valid_from
            and reached.until_day = within.until_day
    where
        not reached.is_within
        or within.ticker is not null
),

kept as (
    select
        pieces.*,
        traded.traded_from,
        traded.traded_until,
        coalesce(pieces.cik, 'since ' || to_char(pieces.valid_from, 'YYYY-MM-DD')) as nameless_as,
        count_if(pieces.sources is not null) over (partition by pieces.ticker, pieces.moment) as told_pieces,
        iff(
            count(distinct iff(pieces.cik is null, null, pieces.security_key)) over (
                partition by pieces.ticker, pieces.moment, pieces.cik
            ) = 1,
            max(pieces.security_key) over (partition by pieces.ticker, pieces.moment, pieces.cik),
            null
        ) as key_of_cik
    from pieces
    left join traded
        on
            pieces.ticker = traded.ticker
            and pieces.moment = traded.moment
            and pieces.valid_from = traded.valid_from
    where
        pieces.sources is not null
        or traded.ticker is not null
),

named as (
    select
        kept.*,
        max(coalesce(valid_until, '9999-12-31'::date)) over (
            partition by ticker, moment, nameless_as
        ) as nameless_until,
        max(coalesce(valid_until, '9999-12-31'::date)) over ({{ of_frame }}) as last_until,
        coalesce(security_key, iff(cik is null, null, key_of_cik)) as known_key,
        coalesce(
            known_key,
            'ticker:'
            || ticker
            || iff(nameless_until = last_until, '', ' before ' || to_char(nameless_until, 'YYYY-MM-DD'))
        ) as security_id,
        case
            when startswith(sources, 'override') then 'override'
            when startswith(security_key, 'figi:') then 'figi'
            when security_key is not null then 'ticker_events'
            when known_key is not null or cik is not null then 'cik'
            when sources is not null then 'ticker'
            else 'trading'
        end as identified_by
    from kept
),

continued as (
    select
        named.*,
        lag(security_id) over ({{ of_frame }} order by valid_from) = security_id
        and lag(valid_until) over ({{ of_frame }} order by valid_from) = valid_from as goes_on
    from named
),

counted as (
    select
        continued.*,
        coalesce(
            uncertain_reason,
            iff(
                sources is null and told_pieces > 0,
                'nothing but its bars says whose ticker it was; others have had it',
                null
            )
        ) as reason,
        sum(iff(coalesce(goes_on, false), 0, 1)) over (
            {{ of_frame }}
            order by valid_from
            rows between unbounded preceding and current row
        ) as span_number
    from continued
),

spans as (
    select
        ticker,
        moment,
        next_moment,
        frame_number,
        next_moment is null as is_in_force,
        security_id,
        min(valid_from) as valid_from,
        nullif(max(coalesce(valid_until, '9999-12-31'::date)), '9999-12-31'::date) as valid_until,
        min_by(begun_by, valid_from) as begun_by,
        case min(
            case identified_by
                when 'override' then 1
                when 'figi' then 2
                when 'ticker_events' then 3
                when 'cik' then 4
                when 'ticker' then 5
                else 6
            end
        )
            when 1 then 'override'
            when 2 then 'figi'
            when 3 then 'ticker_events'
            when 4 then 'cik'
            when 5 then 'ticker'
            else 'trading'
        end as identified_by,
        boolor_agg(contains(sources, 'override ')) as is_overruled,
        boolor_agg(contains(sources, 'tickers ')) as is_in_tickers,
        boolor_agg(contains(sources, 'listings ')) as is_in_listings,
        boolor_agg(contains(sources, 'events ')) as is_in_events,
        max_by(composite_figi, iff(composite_figi is null, null, valid_from)) as composite_figi,
        max_by(share_class_figi, iff(share_class_figi is null, null, valid_from)) as share_class_figi,
        max_by(cik, iff(cik is null, null, valid_from)) as cik,
        nullif(listagg(distinct reason, '; ') within group (order by reason), '') as uncertain_reason,
        min(traded_from) as traded_from,
        max(traded_until) as traded_until
    from counted
    group by
        ticker,
        moment,
        next_moment,
        frame_number,
        span_number,
        security_id
),

{# Two tickers of one security, the one that began to trade later second. #}
pairs as (
    select
        one.security_id,
        one.ticker,
        one.valid_from,
        one.traded_until,
        later.ticker as later_ticker,
        later.valid_from as later_valid_from,
        later.traded_from as later_traded_from
    from spans as one
    inner join spans as later
        on
            one.security_id = later.security_id
            and one.ticker <> later.ticker
            and to_char(one.traded_from) || one.ticker < to_char(later.traded_from) || later.ticker
    where
        one.is_in_force
        and later.is_in_force
),

{# A security has one bar a session: where two tickers of one FIGI trade at once, the FIGI is not right for both. #}
at_once as (
    select pairs.security_id
    from pairs
    inner join {{ ref('stg_polygon__stock_bars_casted') }} as bars
        on
            pairs.ticker = bars.ticker
            and pairs.later_traded_from <= bars.session_date
            and pairs.traded_until >= bars.session_date
    inner join {{ ref('stg_polygon__stock_bars_casted') }} as later_bars
        on
            pairs.later_ticker = later_bars.ticker
            and bars.session_date = later_bars.session_date
    where pairs.later_traded_from <= pairs.traded_until
    group by pairs.security_id
),

succeeded as (
    select
        ticker,
        valid_from,
        min(later_traded_from) as taken_from
    from pairs
    where later_traded_from > traded_until
    group by
        ticker,
        valid_from
),

preceded as (
    select
        later_ticker as ticker,
        later_valid_from as valid_from,
        max(later_traded_from) as traded_from
    from pairs
    where later_traded_from > traded_until
    group by
        later_ticker,
        later_valid_from
),

settled as (
    select
        spans.ticker,
        iff(at_once.security_id is null, spans.security_id, spans.security_id || '/' || spans.ticker) as security_id,
        nullif(
            iff(
                spans.is_in_force and at_once.security_id is null,
                greatest(spans.valid_from, coalesce(preceded.traded_from, spans.valid_from)),
                spans.valid_from
            ),
            {{ beginning }}::date
        ) as valid_from,
        iff(
            spans.is_in_force
            and at_once.security_id is null
            and coalesce(spans.valid_until > succeeded.taken_from, succeeded.taken_from is not null),
            succeeded.taken_from,
            spans.valid_until
        ) as valid_until,
        iff(preceded.ticker is null or spans.begun_by is not null, spans.begun_by, 'another ticker') as begun_by,
        spans.identified_by,
        spans.composite_figi,
        spans.share_class_figi,
        spans.cik,
        nullif(
            substr(
                iff(spans.is_overruled, ', override', '')
                || iff(spans.is_in_tickers, ', tickers', '')
                || iff(spans.is_in_listings, ', ticker_listings', '')
                || iff(spans.is_in_events, ', ticker_events', ''),
                3
            ),
            ''
        ) as sources,
        iff(
            at_once.security_id is null,
            spans.uncertain_reason,
            coalesce(spans.uncertain_reason || '; ', '') || 'another ticker with its FIGI trades at the same time'
        ) as uncertain_reason,
        spans.traded_from,
        spans.traded_until,
        spans.moment,
        spans.next_moment,
        spans.frame_number
    from spans
    left join at_once
        on
            spans.security_id = at_once.security_id
            and spans.is_in_force
    left join succeeded
        on
            spans.ticker = succeeded.ticker
            and spans.valid_from = succeeded.valid_from
    left join preceded
        on
            spans.ticker = preceded.ticker
            and spans.valid_from = preceded.valid_from
),

hashed as (
    select
        settled.*,
        md5(
            {%- for column in named_by %}
            coalesce({{ column }}, '-') || '|' ||
            {%- endfor %}
            coalesce(to_char(valid_from, 'YYYY-MM-DD'), '-') || '|' || coalesce(to_char(valid_until, 'YYYY-MM-DD'), '-')
        ) as span_hash
    from settled
),

runs as (
    select
        hashed.*,
        frame_number - row_number() over (partition by ticker, span_hash order by frame_number) as run_number
    from hashed
),

known as (
    select
        ticker,
        security_id,
        valid_from,
        valid_until,
        identified_by,
        begun_by,
        composite_figi,
        share_class_figi,
        cik,
        sources,
        uncertain_reason is not null as is_uncertain,
        uncertain_reason,
        span_hash,
        min(traded_from) as first_session_date,
        max(traded_until) as last_session_date,
        nullif(min(moment), {{ beginning }}::timestamp_ntz(6)) as known_from,
        iff(boolor_agg(next_moment is null), null, max(next_moment)) as known_until
    from runs
    group by
        ticker,
        security_id,
        valid_from,
        valid_until,
        identified_by,
        begun_by,
        composite_figi,
        share_class_figi,
        cik,
        sources,
        uncertain_reason,
        span_hash,
        run_number
),

digests as (
    select
        ticker,
        md5(listagg(
            span_hash || coalesce(to_char(known_from), '-') || coalesce(to_char(known_until), '-'), ','
        ) within group (order by span_hash, known_from)) as digest
    from known
    group by ticker
)

select
    known.ticker,
    known.security_id,
    known.valid_from,
    known.valid_until,
    known.identified_by,
    known.begun_by,
    known.composite_figi,
    known.share_class_figi,
    known.cik,
    known.sources,
    known.is_uncertain,
    known.uncertain_reason,
    known.first_session_date,
    known.last_session_date,
    known.known_from,
    known.known_until,
    digests.digest,
    {%- if built %}
    coalesce(built.recorded_at, {{ now_utc() }}) as recorded_at
    {%- else %}
    {{ now_utc() }} as recorded_at
    {%- endif %}
from known
inner join digests
    on known.ticker = digests.ticker
{%- if built %}
left join (
    select
        ticker,
        digest,
        max(recorded_at) as recorded_at
    from {{ built }}
    group by
        ticker,
        digest
) as built
    on
        known.ticker = built.ticker
        and digests.digest = built.digest
{%- endif %}
order by known.ticker, known.valid_from
