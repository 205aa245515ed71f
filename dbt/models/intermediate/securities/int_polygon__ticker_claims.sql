{#
    What is known of who had a ticker on a day, one piece of evidence a row, each with its source and with the time for
    which it was known.

    A claim speaks of one day. `is_cut`: whoever had the ticker before that day, from it on it is another's, or nobody's;
    so begin and end a stretch that ticker events tell of, and a delisting ends one. What ticker events say of a security
    that has no FIGI is said of the one that has the asked ticker.
#}
{{ config(materialized='view') }}
{%- set moment = "'" ~ var('as_of') ~ "'::timestamp_ntz" if var('as_of', none) else none %}
{%- set was_known = 'dbt_valid_from <= ' ~ moment if moment else 'true' %}
{%- set known_until = 'iff(dbt_valid_to <= ' ~ moment ~ ', dbt_valid_to, null)' if moment else 'dbt_valid_to' %}
{%- set new_york_day = "to_date(convert_timezone('UTC', 'America/New_York', {}))" %}
{%- set listing = ['composite_figi', 'share_class_figi', 'cik'] %}
{%- set event = ['composite_figi', 'cik', 'asked_ticker'] %}
{%- set nobody = [] %}
{%- set never = 'null::timestamp_ntz' %}
{%- set delisted = 'not is_active and delisted_date is not null' %}
{# `of`: what a claim says of the security; nobody: that the ticker is no longer whose it was. #}
{%- set claims = [
    {'table': 'listed', 'date': 'seen_date', 'source': 'tickers', 'is_cut': false, 'of': listing,
     'where': 'is_active', 'known_until': never},
    {'table': 'listed', 'date': 'last_seen_date', 'source': 'tickers', 'is_cut': false, 'of': listing,
     'where': 'is_active and known_until is not null', 'known_from': 'known_until', 'known_until': never},
    {'table': 'listed', 'date': 'delisted_date', 'source': 'tickers', 'is_cut': false, 'of': listing, 'where': delisted},
    {'table': 'listed', 'date': "dateadd('day', 1, delisted_date)", 'source': 'delisting', 'is_cut': true, 'of': nobody,
     'where': delisted},
    {'table': 'of_days', 'date': 'listing_date', 'source': 'ticker_listings', 'is_cut': false, 'of': listing,
     'where': 'true'},
    {'table': 'of_days', 'date': "dateadd('day', 1, listing_date)", 'source': 'delisting', 'is_cut': true, 'of': nobody,
     'where': "listing_kind = 'delisted'"},
    {'table': 'of_securities', 'date': 'event_date', 'source': 'ticker_events', 'is_cut': true, 'of': event,
     'where': 'coalesce(event_date < left_date, true)'},
    {'table': 'of_securities', 'date': "dateadd('day', -1, left_date)", 'source': 'ticker_events', 'is_cut': false,
     'of': event, 'where': 'event_date < left_date'},
    {'table': 'of_securities', 'date': 'left_date', 'source': 'ticker_events', 'is_cut': true, 'of': nobody,
     'where': 'event_date < left_date'},
] %}
with listed as (
    select
        ticker,
        is_active,
        delisted_date,
        composite_figi,
        share_class_figi,
        cik,
        dbt_valid_from as known_from,
        {{ known_until }} as known_until,
        {{ new_york_day.format('dbt_valid_from') }} as seen_date,
        greatest(seen_date, dateadd('day', -1, {{ new_york_day.format(known_until) }})) as last_seen_date
    from {{ ref('stg_polygon__tickers_versions') }}
    where
        {{ was_known }}
        and not is_dropped
),

of_days as (
    select
        ticker,
        listing_kind,
        listing_date,
        composite_figi,
        share_class_figi,
        cik,
        dbt_valid_from as known_from,
        {{ known_until }} as known_until
    from {{ ref('snapshot_polygon__ticker_listings') }}
    where {{ was_known }}
),

events as (
    select
        security_key,
        event_date,
        ticker,
        composite_figi,
        cik,
        asked_id,
        dbt_valid_from as known_from,
        {{ known_until }} as known_until
    from {{ ref('snapshot_polygon__ticker_events') }}
    where {{ was_known }}
),

{# What was known of a security's events changes with each of them: at each of these moments they follow each other anew. #}
moments as (
    select
        security_key,
        known_from as moment
    from events
    union distinct
    select
        security_key,
        known_until as moment
    from events
    where known_until is not null
),

spans_known as (
    select
        security_key,
        moment as known_from,
        lead(moment) over (partition by security_key order by moment) as known_until
    from moments
),

of_securities as (
    select
        events.ticker,
        events.event_date,
        lead(events.event_date) over (
            partition by events.security_key, spans_known.known_from
            order by events.event_date, events.ticker
        ) as left_date,
        events.composite_figi,
        events.cik,
        iff(events.composite_figi is null, events.asked_id, null) as asked_ticker,
        spans_known.known_from,
        spans_known.known_until
    from spans_known
    inner join events
        on
            spans_known.security_key = events.security_key
            and spans_known.known_from >= events.known_from
            and coalesce(spans_known.known_from < events.known_until, true)
),

{# What a person decided: who has a ticker from a session on, until the next decision; NULL: whoever the evidence says. #}
decisions as (
    select
        split_part(entered.row_key, '|', 1) as ticker,
        try_to_date(split_part(entered.row_key, '|', 2), 'YYYY-MM-DD') as from_date,
        entered.value as security_id,
        entered.is_retracted,
        entered.known_from,
        lead(entered.known_from) over (
            partition by entered.row_key
            order by entered.known_from, entered.override_id
        ) as next_known_from,
        {{ 'iff(next_known_from <= ' ~ moment ~ ', next_known_from, null)' if moment else 'next_known_from' }} as known_until
    from {{ ref('snapshot_polygon__overrides') }} as entered
    where
        entered.dataset = 'securities'
        and entered.field = 'security_id'
        and {{ 'entered.known_from <= ' ~ moment if moment else 'true' }}
),

claims as (
    {%- for claim in claims %}
    select
        ticker,
        {{ claim.date }} as claim_date,
        '{{ claim.source }}' as source,
        {{ claim.is_cut | lower }} as is_cut,
        {%- for column in ['composite_figi', 'share_class_figi', 'cik', 'asked_ticker'] %}
        {{ column if column in claim.of else 'null::varchar' }} as {{ column }},
        {%- endfor %}
        {{ claim.known_from or 'known_from' }} as known_from,
        {{ claim.known_until or 'known_until' }} as known_until
    from {{ claim.table }}
    where {{ claim.where }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

{# The ticker that events were asked by: who has it now is whom they tell of. A FIGI can be asked by too. #}
told as (
    select
        claims.* exclude (composite_figi, share_class_figi),
        coalesce(
            claims.composite_figi,
            holders.composite_figi,
            iff(startswith(claims.asked_ticker, 'BBG') and length(claims.asked_ticker) = 12, claims.asked_ticker, null)
        ) as composite_figi,
        coalesce(claims.share_class_figi, holders.share_class_figi) as share_class_figi
    from claims
    left join {{ ref('stg_polygon__tickers') }} as holders
        on claims.asked_ticker = holders.ticker
),

{# A composite FIGI belongs to a country's listing: a share class that has had several is known by the first. #}
share_classes as (
    select
        share_class_figi,
        min_by(composite_figi, to_char(claim_date, 'YYYY-MM-DD') || composite_figi) as first_composite_figi
    from told
    where
        share_class_figi is not null
        and composite_figi is not null
    group by share_class_figi
),

composites as (
    select
        composite_figi,
        min(share_class_figi) as share_class_figi
    from told
    where
        share_class_figi is not null
        and composite_figi is not null
    group by composite_figi
)

select
    told.ticker,
    told.claim_date,
    told.source,
    told.is_cut,
    coalesce(
        'figi:' || coalesce(share_classes.first_composite_figi, told.composite_figi, told.share_class_figi),
        'ticker:' || told.asked_ticker
    ) as security_key,
    told.composite_figi,
    coalesce(told.share_class_figi, composites.share_class_figi) as share_class_figi,
    told.cik,
    told.known_from,
    told.known_until
from told
left join composites
    on told.composite_figi = composites.composite_figi
left join share_classes
    on coalesce(told.share_class_figi, composites.share_class_figi) = share_classes.share_class_figi
union all
select
    ticker,
    from_date as claim_date,
    'override' as source,
    true as is_cut,
    security_id as security_key,
    null as composite_figi,
    null as share_class_figi,
    null as cik,
    known_from,
    known_until
from decisions
where
    not is_retracted
    and from_date is not null
