{{ config(meta={'sorted_by': ['security_id', 'valid_from', 'ticker']}) }}
{# What a span is called: by the newest list that names its ticker in it; today's list speaks of the ticker's newest one. #}
with spans as (
    select
        spans.*,
        coalesce(spans.valid_from, {{ beginning_of_time() }}::date) as from_date,
        coalesce(spans.valid_until, '9999-12-31'::date) as until_date,
        spans.known_until is null
        and row_number() over (
            partition by spans.ticker, spans.known_until
            order by spans.valid_from desc nulls last
        ) = 1 as is_newest_of_ticker
    from {{ ref('int_polygon__ticker_spans') }} as spans
),

{# The spans themselves, whenever they were known. #}
dated as (
    select distinct
        ticker,
        from_date,
        until_date
    from spans
),

named as (
    select
        dated.ticker,
        dated.from_date,
        dated.until_date,
        max_by(listings.ticker_name, listings.listing_date) as security_name,
        max_by(listings.security_type, listings.listing_date) as security_type
    from dated
    inner join {{ ref('stg_polygon__ticker_listings') }} as listings
        on
            dated.ticker = listings.ticker
            and dated.from_date <= listings.listing_date
            and dated.until_date > listings.listing_date
    group by
        dated.ticker,
        dated.from_date,
        dated.until_date
)

select
    spans.security_id,
    spans.ticker,
    spans.valid_from,
    spans.valid_until,
    case
        when spans.is_newest_of_ticker and tickers.is_active then tickers.ticker_name
        when named.ticker is not null then named.security_name
        when spans.is_newest_of_ticker then tickers.ticker_name
    end as security_name,
    case
        when spans.is_newest_of_ticker and tickers.is_active then tickers.security_type
        when named.ticker is not null then named.security_type
        when spans.is_newest_of_ticker then tickers.security_type
    end as security_type,
    spans.first_session_date,
    spans.last_session_date,
    spans.identified_by,
    spans.begun_by,
    spans.composite_figi,
    spans.share_class_figi,
    spans.cik,
    spans.sources,
    spans.is_uncertain,
    spans.uncertain_reason,
    spans.known_until is null
    and row_number() over (
        partition by spans.security_id, spans.known_until
        order by
            spans.until_date desc,
            spans.from_date desc,
            spans.ticker asc
    ) = 1 as is_newest_ticker,
    spans.known_from,
    spans.known_until
from spans
left join named
    on
        spans.ticker = named.ticker
        and spans.from_date = named.from_date
        and spans.until_date = named.until_date
left join {{ ref('stg_polygon__tickers') }} as tickers
    on spans.ticker = tickers.ticker
