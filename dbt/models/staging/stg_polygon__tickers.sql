{# What was known last of every ticker, also of one that is listed no longer: its bars stay, and so does its name. A ticker
   that was never seen on the list of active ones is known from the lists of the past, or by its delisting. #}
{%- set moment = "'" ~ var('as_of') ~ "'::timestamp_ntz" if var('as_of', none) else none %}
with latest as (
    select
        *,
        {%- if moment %}
        coalesce(dbt_valid_to > {{ moment }}, true) as is_in_force
        {%- else %}
        dbt_valid_to is null as is_in_force
        {%- endif %}
    from {{ ref('stg_polygon__tickers_versions') }}
    {%- if moment %}
    where dbt_valid_from <= {{ moment }}
    {%- endif %}
    qualify row_number() over (
        partition by ticker
        order by dbt_valid_from desc
    ) = 1
),

listings as (
    select *
    from {{ ref('stg_polygon__ticker_listings') }}
    qualify row_number() over (
        partition by ticker
        order by
            listing_date desc,
            listing_kind
    ) = 1
)

select
    coalesce(latest.ticker, listings.ticker) as ticker,
    iff(latest.ticker is null, listings.ticker_name, latest.ticker_name) as ticker_name,
    iff(latest.ticker is null, listings.market, latest.market) as market,
    iff(latest.ticker is null, listings.locale, latest.locale) as locale,
    iff(latest.ticker is null, listings.primary_exchange, latest.primary_exchange) as primary_exchange,
    iff(latest.ticker is null, listings.security_type, latest.security_type) as security_type,
    iff(latest.ticker is null, listings.currency, latest.currency) as currency,
    iff(latest.ticker is null, listings.cik, latest.cik) as cik,
    iff(latest.ticker is null, listings.composite_figi, latest.composite_figi) as composite_figi,
    iff(latest.ticker is null, listings.share_class_figi, latest.share_class_figi) as share_class_figi,
    coalesce(latest.is_active and latest.is_in_force, false) as is_active,
    case
        when latest.delisted_date is not null then latest.delisted_date
        when coalesce(latest.is_active and latest.is_in_force, false) then null
        when listings.listing_kind = 'delisted' then listings.listing_date
    end as delisted_date,
    iff(latest.ticker is null, listings.vendor_updated_at, latest.vendor_updated_at) as vendor_updated_at,
    iff(latest.ticker is null, listings.fetched_at, latest.fetched_at) as fetched_at,
    iff(latest.ticker is null, listings.manifest_id, latest.manifest_id) as manifest_id,
    iff(latest.ticker is null, listings.recorded_at, latest.recorded_at) as recorded_at,
    latest.override_reason
from latest
full outer join listings
    on latest.ticker = listings.ticker
where not coalesce(latest.is_dropped, false)
