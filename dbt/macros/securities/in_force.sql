{#
    Which security a row of a ticker and a day belongs to: join int_polygon__ticker_spans `as spans` on in_force(row) and
    take security_of(row). Every bar has a span; a row of a ticker without one belongs to the security of its name.
#}
{% macro in_force(row, date='session_date') -%}
    {{ row }}.ticker = spans.ticker
            and spans.known_until is null
            and coalesce({{ row }}.{{ date }} >= spans.valid_from, true)
            and coalesce({{ row }}.{{ date }} < spans.valid_until, true)
{%- endmacro %}

{% macro security_of(row) -%}
    coalesce(spans.security_id, 'ticker:' || {{ row }}.ticker)
{%- endmacro %}

{# Splits and dividends are told under a ticker's name also around its end and its beginning: the span that has the day,
   else the nearest one. `rows`: a CTE with ticker and event_date. #}
{% macro securities_of_events(rows) -%}
    select
        {{ rows }}.ticker,
        {{ rows }}.event_date,
        {{ security_of(rows) }} as security_id
    from {{ rows }}
    left join {{ ref('int_polygon__ticker_spans') }} as spans
        on
            {{ rows }}.ticker = spans.ticker
            and spans.known_until is null
    group by
        {{ rows }}.ticker,
        {{ rows }}.event_date,
        spans.security_id,
        spans.valid_from,
        spans.valid_until
    qualify row_number() over (
        partition by {{ rows }}.ticker, {{ rows }}.event_date
        order by
            greatest(
                coalesce(datediff('day', {{ rows }}.event_date, spans.valid_from), 0),
                coalesce(datediff('day', spans.valid_until, {{ rows }}.event_date) + 1, 0),
                0
            ),
            spans.valid_from nulls first
    ) = 1
{%- endmacro %}

{# Splits or dividends with the security that their owners say: what is told under the old name and under the new one, on
   one day and with one value, is one, and stays under the first of the names. #}
{% macro told_once(rows, owners, value) -%}
    select
        {{ rows }}.*,
        owners.security_id
    from {{ rows }}
    inner join {{ owners }} as owners
        on
            {{ rows }}.ticker = owners.ticker
            and {{ rows }}.event_date = owners.event_date
    qualify dense_rank() over (
        partition by owners.security_id, {{ rows }}.event_date, round({{ value }}, 9)
        order by {{ rows }}.ticker
    ) = 1
{%- endmacro %}
