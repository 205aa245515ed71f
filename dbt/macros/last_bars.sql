{#
    An aggregate over a listing's last n bars, NULL until there are n: half a window is no average.

    first_bar: the first bar that has the column (returns begin with the second).  may_be_null: later bars can lack it.
#}
{% macro last_bars(aggregate, column, n, first_bar=1, may_be_null=false) -%}
    {%- set window = 'partition by ticker, listed_from_date order by session_date rows between ' ~ (n - 1)
        ~ ' preceding and current row' -%}
    iff(
            bar_number >= {{ n + first_bar - 1 }}
            {%- if may_be_null %} and count({{ column }}) over ({{ window }}) = {{ n }}{% endif %},
            {{ aggregate }}({{ column }}) over ({{ window }}),
            null
        )
{%- endmacro %}
