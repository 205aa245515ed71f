{#
    Whose a ticker was by what is known of it alone, whatever its security is called elsewhere (int_polygon__ticker_spans
    settles that). docs/identity.md says how an id is made.

    A ticker's spans change with its evidence: a build judges the tickers of which something else is known than before, all
    days and all moments of theirs, and leaves those of the others as they are. The spans in force are rows of their own;
    earlier ones last as long as they were known.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='ticker',
        post_hook="delete from {{ this }} where security_id is null"
    )
}}
{%- set of_frame = 'partition by ticker, moment' %}
{%- set beginning = beginning_of_time() %}
{%- set known = ['security_id', 'valid_from', 'valid_until', 'begun_by', 'identified_by', 'composite_figi', 'share_class_figi']
    + ['cik', 'sources', 'uncertain_reason'] %}
with all_claims as (
    select *
    from {{ ref('int_polygon__ticker_claims') }}
),

all_stretches as (
    select *
    from {{ ref('int_polygon__ticker_stretches') }}
),

{{ tickers_judged() }}
claims as (
    select all_claims.*
    from all_claims
    inner join judged
        on all_claims.ticker = judged.ticker
),

stretches as (
    select all_stretches.*
    from all_stretches
    inner join judged
        on all_stretches.ticker = judged.ticker
),

{{ ticker_frames() }}

{{ ticker_pieces() }}

{{ sessions_of_spans('pieces', 'stretches') }},

kept as (
    select
        pieces.*,
        frames.next_moment,
        frames.frame_number,
        coalesce(pieces.cik, 'since ' || to_char(pieces.from_date, 'YYYY-MM-DD')) as nameless_as,
        count_if(pieces.sources is not null) over (partition by pieces.ticker, pieces.moment) as told_pieces,
        iff(
            count(distinct iff(pieces.cik is null, null, pieces.security_key)) over (
                partition by pieces.ticker, pieces.moment, pieces.cik
            ) = 1,
            max(pieces.security_key) over (partition by pieces.ticker, pieces.moment, pieces.cik),
            null
        ) as key_of_cik
    from pieces
    inner join frames
        on
            pieces.ticker = frames.ticker
            and pieces.moment = frames.moment
    left join traded
        on
            pieces.ticker = traded.ticker
            and pieces.from_date = traded.from_date
            and pieces.until_date = traded.until_date
    where
        pieces.sources is not null
        or traded.ticker is not null
),

named as (
    select
        kept.*,
        max(until_date) over (partition by ticker, moment, nameless_as) as nameless_until,
        max(until_date) over ({{ of_frame }}) as last_until,
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
        lag(security_id) over ({{ of_frame }} order by from_date) = security_id
        and lag(until_date) over ({{ of_frame }} order by from_date) = from_date as goes_on
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
            order by from_date
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
        security_id,
        nullif(min(from_date), {{ beginning }}::date) as valid_from,
        nullif(max(until_date), '9999-12-31'::date) as valid_until,
        min_by(begun_by, from_date) as begun_by,
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
        max_by(composite_figi, iff(composite_figi is null, null, from_date)) as composite_figi,
        max_by(share_class_figi, iff(share_class_figi is null, null, from_date)) as share_class_figi,
        max_by(cik, iff(cik is null, null, from_date)) as cik,
        nullif(
            substr(
                iff(boolor_agg(contains(sources, 'override ')), ', override', '')
                || iff(boolor_agg(contains(sources, 'tickers ')), ', tickers', '')
                || iff(boolor_agg(contains(sources, 'listings ')), ', ticker_listings', '')
                || iff(boolor_agg(contains(sources, 'events ')), ', ticker_events', ''),
                3
            ),
            ''
        ) as sources,
        nullif(listagg(distinct reason, '; ') within group (order by reason), '') as uncertain_reason
    from counted
    group by
        ticker,
        moment,
        next_moment,
        frame_number,
        span_number,
        security_id
),

runs as (
    select
        spans.*,
        frame_number - row_number() over (
            partition by
                ticker,
                next_moment is null,
                {{ known | join(',\n                ') }}
            order by frame_number
        ) as run_number
    from spans
),

by_bars as (
    select distinct pieces.ticker
    from pieces
    inner join reached
        on
            pieces.ticker = reached.ticker
            and pieces.from_date = reached.from_date
            and pieces.until_date = reached.until_date
    where
        pieces.sources is null
        and reached.is_within
)

select
    judged.ticker,
    {%- for column in known %}
    runs.{{ column }},
    {%- endfor %}
    nullif(min(runs.moment), {{ beginning }}::timestamp_ntz(6)) as known_from,
    iff(boolor_agg(runs.next_moment is null), null, max(runs.next_moment)) as known_until,
    min(runs.frame_number) as first_frame_number,
    max(runs.frame_number) as last_frame_number,
    by_bars.ticker is not null as is_by_bars,
    judged.evidence_digest
from judged
left join runs
    on judged.ticker = runs.ticker
left join by_bars
    on judged.ticker = by_bars.ticker
group by
    judged.ticker,
    {%- for column in known %}
    runs.{{ column }},
    {%- endfor %}
    runs.next_moment is null,
    runs.run_number,
    by_bars.ticker,
    judged.evidence_digest
order by judged.ticker, runs.valid_from
