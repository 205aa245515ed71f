{#
    Step 2 of int_polygon__stock_bars_enriched: `paid`, the bars with the dividends and splits that take effect with them.
#}
{% macro stock_bars_paid() -%}
{# What falls on a day without a bar takes effect with the next one of the listing. #}
dated as (
    select
        announced.*,
        followed.session_date
    from {{ ref('int_polygon__stock_events') }} as announced
    inner join followed
        on
            announced.security_id = followed.security_id
            and announced.event_date = followed.session_date
    where not followed.is_built
    union all
    select
        missed.*,
        followed.session_date
    from (
        select announced.*
        from {{ ref('int_polygon__stock_events') }} as announced
        where not exists (
            select 1
            from followed
            where
                announced.security_id = followed.security_id
                and announced.event_date = followed.session_date
        )
    ) as missed
    inner join followed
        on
            missed.security_id = followed.security_id
            and missed.event_date > followed.previous_session_date
            and missed.event_date < followed.session_date
            and not followed.is_first_bar
    where not followed.is_built
),

events as (
    select
        security_id,
        session_date,
        sum(dividend_usd) as dividend_usd,
        sum(adjusted_dividend_usd) as adjusted_dividend_usd,
        iff(count(split_from) <= 1, max(split_from), round(exp(sum(ln(split_from))), 6)) as split_from,
        iff(count(split_to) <= 1, max(split_to), round(exp(sum(ln(split_to))), 6)) as split_to,
        nullif(listagg(override_reason, '; ') within group (order by override_reason), '') as override_reason
    from dated
    group by
        security_id,
        session_date
),

paid as (
    select
        followed.*,
        events.dividend_usd,
        events.split_from,
        events.split_to,
        events.override_reason as event_override_reason,
        events.adjusted_dividend_usd / followed.previous_close_usd as payout
    from followed
    left join events
        on
            followed.security_id = events.security_id
            and followed.session_date = events.session_date
)
{%- endmacro %}
