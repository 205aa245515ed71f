{#
    The first and the last session of each span of days of a ticker that has any: CTEs reached, within and traded. A span
    that begins or ends within a stretch of the ticker's has them from its bars, any other from the stretches.

    spans: a CTE with ticker, from_date and until_date, the first day after it.
    stretches: a CTE or relation as int_polygon__ticker_stretches.
#}
{% macro sessions_of_spans(spans, stretches) -%}
reached as (
    select
        spans.ticker,
        spans.from_date,
        spans.until_date,
        min(stretches.first_session_date) as traded_from,
        max(stretches.last_session_date) as traded_until,
        traded_from < spans.from_date or traded_until >= spans.until_date as is_within
    from (
        select distinct
            ticker,
            from_date,
            until_date
        from {{ spans }}
    ) as spans
    inner join {{ stretches }} as stretches
        on
            spans.ticker = stretches.ticker
            and spans.from_date <= stretches.last_session_date
            and spans.until_date > stretches.first_session_date
    group by
        spans.ticker,
        spans.from_date,
        spans.until_date
),

within as (
    select
        reached.ticker,
        reached.from_date,
        reached.until_date,
        min(bars.session_date) as traded_from,
        max(bars.session_date) as traded_until
    from reached
    inner join {{ ref('stg_polygon__stock_bars_casted') }} as bars
        on
            reached.ticker = bars.ticker
            and reached.from_date <= bars.session_date
            and reached.until_date > bars.session_date
    where reached.is_within
    group by
        reached.ticker,
        reached.from_date,
        reached.until_date
),

traded as (
    select
        ticker,
        from_date,
        until_date,
        traded_from,
        traded_until,
        false as is_within
    from reached
    where not is_within
    union all
    select
        ticker,
        from_date,
        until_date,
        traded_from,
        traded_until,
        true as is_within
    from within
)
{%- endmacro %}
