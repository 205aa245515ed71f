{#
    Of which tickers a build finds anew whose they were: CTEs of int_polygon__ticker_spans_claimed, made of `all_claims` and
    `all_stretches`.

    lasting: a FIGI that more than one ticker has had goes on elsewhere: another one on the ticker is no correction of it.
    evidence: a digest of all that a ticker's spans are made of. Its last session counts only up to the day after its last
    claim: all later ones are in its last piece.
    judged: tickers whose digest is another than the built one, and those that are judged by their bars (is_by_bars), in
    whose digest bars are not. Claims that are no more, and bars that were withdrawn, leave a ticker without any evidence.
#}
{% macro tickers_judged() -%}
lasting as (
    select security_key
    from all_claims
    where security_key is not null
    group by security_key
    having count(distinct ticker) > 1
),

facts as (
    select
        all_claims.ticker,
        hash(
            all_claims.claim_date,
            all_claims.source,
            all_claims.is_cut,
            all_claims.security_key,
            all_claims.composite_figi,
            all_claims.share_class_figi,
            all_claims.cik,
            all_claims.known_from,
            all_claims.known_until,
            lasting.security_key is not null,
            days.sessions_so_far
        ) as fact
    from all_claims
    left join lasting
        on all_claims.security_key = lasting.security_key
    left join {{ ref('int_polygon__exchange_days') }} as days
        on all_claims.claim_date = days.calendar_date
    union all
    select
        all_stretches.ticker,
        hash(
            all_stretches.first_session_date,
            least(all_stretches.last_session_date, coalesce(claimed.until_date, all_stretches.first_session_date))
        ) as fact
    from all_stretches
    left join (
        select
            ticker,
            dateadd('day', 1, max(claim_date)) as until_date
        from all_claims
        group by ticker
    ) as claimed
        on all_stretches.ticker = claimed.ticker
),

evidence as (
    select
        ticker,
        to_varchar(count(*)) || ' ' || to_varchar(sum(fact)) as evidence_digest
    from facts
    group by ticker
),
{% if is_incremental() %}
built as (
    select
        ticker,
        max(evidence_digest) as evidence_digest,
        boolor_agg(is_by_bars) as is_by_bars
    from {{ this }}
    group by ticker
),

judged as (
    select
        coalesce(evidence.ticker, built.ticker) as ticker,
        evidence.evidence_digest
    from evidence
    full outer join built
        on evidence.ticker = built.ticker
    where
        built.is_by_bars
        or built.evidence_digest is distinct from evidence.evidence_digest
),
{% else %}
judged as (
    select *
    from evidence
),
{% endif %}
{%- endmacro %}
