{#
    An aggregate over a listing's last n bars, NULL until there are n: half a window is no average.

    first_bar: the first bar that has the column (returns begin with the second).  may_be_null: later bars can lack it.
    summed: over rows that pair the bar with each bar behind it (`behind_bar_number`), grouped by the bar, instead of a
    window over the bars themselves.
#}
{% macro last_bars(aggregate, column, n, first_bar=1, may_be_null=false, summed=false) -%}
    {%- set window = 'over (partition by security_id, listed_from_date order by session_date rows between ' ~ (n - 1)
        ~ ' preceding and current row)' -%}
    {%- if summed -%}
        {%- set column, window = 'iff(behind_bar_number > bar_number - ' ~ n ~ ', ' ~ column ~ ', null)', '' -%}
    {%- endif -%}
    iff(
            bar_number >= {{ n + first_bar - 1 }}
            {%- if may_be_null %} and count({{ column }}) {{ window }} = {{ n }}{% endif %},
            {{ aggregate }}({{ column }}) {{ window }},
            null
        )
{%- endmacro %}
