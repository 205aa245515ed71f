{#
    Whose ticker it was, from day to day, and since when we know: int_polygon__ticker_spans_claimed, settled between the
    tickers of one security. Every bar is in one span of those that are known now.

    A table that is made whole each time, of rows that are judged already: where nothing changed of a ticker, `recorded_at`
    stays, so that what is built along securities finds the tickers of which something did.
#}
{{ config(materialized='table') }}
{%- set beginning = beginning_of_time() %}
{%- set built = built_before() %}
{%- set named_by = ['security_id', 'begun_by', 'identified_by', 'composite_figi', 'share_class_figi', 'cik']
    + ['sources', 'uncertain_reason'] %}
with claimed as (
    select
        *,
        coalesce(valid_from, {{ beginning }}::date) as from_date,
        coalesce(valid_until, '9999-12-31'::date) as until_date
    from {{ ref('int_polygon__ticker_spans_claimed') }}
    where security_id is not null
),

{# What another ticker of the security says counts for what is known now. #}
settled as (
    select
        claimed.ticker,
        iff(successions.is_at_once, claimed.security_id || '/' || claimed.ticker, claimed.security_id) as security_id,
        iff(
            successions.is_at_once = false,
            nullif(greatest(claimed.from_date, coalesce(successions.took_from, claimed.from_date)), {{ beginning }}::date),
            claimed.valid_from
        ) as valid_from,
        iff(
            successions.is_at_once = false and claimed.until_date > successions.taken_from,
            successions.taken_from,
            claimed.valid_until
        ) as valid_until,
        iff(successions.took_from is null, claimed.begun_by, coalesce(claimed.begun_by, 'another ticker')) as begun_by,
        claimed.identified_by,
        claimed.composite_figi,
        claimed.share_class_figi,
        claimed.cik,
        claimed.sources,
        iff(
            successions.is_at_once,
            coalesce(claimed.uncertain_reason || '; ', '') || 'another ticker with its FIGI trades at the same time',
            claimed.uncertain_reason
        ) as uncertain_reason,
        claimed.first_frame_number,
        claimed.last_frame_number,
        claimed.known_from,
        claimed.known_until,
        traded.traded_from,
        traded.traded_until
    from claimed
    left join {{ ref('int_polygon__ticker_successions') }} as successions
        on
            claimed.ticker = successions.ticker
            and claimed.from_date = successions.from_date
            and claimed.known_until is null
    left join {{ ref('int_polygon__ticker_spans_traded') }} as traded
        on
            claimed.ticker = traded.ticker
            and claimed.from_date = traded.from_date
            and claimed.until_date = traded.until_date
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

{# What is known now may have been known before: rows of one hash whose frames follow each other are one. #}
runs as (
    select
        hashed.*,
        first_frame_number - coalesce(
            sum(last_frame_number - first_frame_number + 1) over (
                partition by ticker, span_hash
                order by first_frame_number
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as run_number
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
        nullif(
            min(coalesce(known_from, {{ beginning }}::timestamp_ntz(6))), {{ beginning }}::timestamp_ntz(6)
        ) as known_from,
        iff(boolor_agg(known_until is null), null, max(known_until)) as known_until
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
