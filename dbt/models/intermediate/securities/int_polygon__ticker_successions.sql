{# Spans in force of a security that has had several tickers: by which it was followed, or preceded, or beside which it trades. #}
{{ config(materialized='view') }}

with spans as (
    select
        claimed.ticker,
        claimed.security_id,
        coalesce(claimed.valid_from, {{ beginning_of_time() }}::date) as from_date,
        coalesce(claimed.valid_until, '9999-12-31'::date) as until_date
    from {{ ref('int_polygon__ticker_spans_claimed') }} as claimed
    where claimed.known_until is null
    qualify count(*) over (partition by claimed.security_id) > 1
),

dated as (
    select
        spans.security_id,
        spans.ticker,
        spans.from_date,
        traded.traded_from,
        traded.traded_until
    from spans
    inner join {{ ref('int_polygon__ticker_spans_traded') }} as traded
        on
            spans.ticker = traded.ticker
            and spans.from_date = traded.from_date
            and spans.until_date = traded.until_date
),

{# Two tickers of one security, the one that began to trade later second. #}
pairs as (
    select
        one.security_id,
        one.ticker,
        one.from_date,
        one.traded_until,
        later.ticker as later_ticker,
        later.from_date as later_from_date,
        later.traded_from as later_traded_from
    from dated as one
    inner join dated as later
        on
            one.security_id = later.security_id
            and one.ticker <> later.ticker
            and to_char(one.traded_from) || one.ticker < to_char(later.traded_from) || later.ticker
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
        from_date,
        min(later_traded_from) as taken_from
    from pairs
    where later_traded_from > traded_until
    group by
        ticker,
        from_date
),

preceded as (
    select
        later_ticker as ticker,
        later_from_date as from_date,
        max(later_traded_from) as traded_from
    from pairs
    where later_traded_from > traded_until
    group by
        later_ticker,
        later_from_date
)

select
    spans.ticker,
    spans.from_date,
    at_once.security_id is not null as is_at_once,
    succeeded.taken_from,
    preceded.traded_from as took_from
from spans
left join at_once
    on spans.security_id = at_once.security_id
left join succeeded
    on
        spans.ticker = succeeded.ticker
        and spans.from_date = succeeded.from_date
left join preceded
    on
        spans.ticker = preceded.ticker
        and spans.from_date = preceded.from_date
