{#
    What was known of each ticker at each moment, in order: CTEs of int_polygon__ticker_spans_claimed, made of its `claims`
    and `stretches`.

    frames: what is known of a ticker changes at moments, the last one of a day counts for the day; at each the pieces are
    found anew, and before the first one stands what bars alone say.
    segments: the days of a ticker between cuts.
    in_segments: the claims of a frame, cuts first, each with its segment.
#}
{% macro ticker_frames() -%}
{%- set of_frame = 'partition by ticker, moment' %}
{%- set in_order = 'order by claim_date, line_order, source, security_key, cik' %}
{%- set beginning = beginning_of_time() %}
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
{%- endmacro %}
