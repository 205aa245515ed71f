{# An aggregate over the last n bars, NULL until there are n values: half a window is no average. #}
{% macro full_window(aggregate, column, in_order, n) -%}
    iff(
        count({{ column }}) over ({{ in_order }} rows between {{ n - 1 }} preceding and current row) = {{ n }},
        {{ aggregate }}({{ column }}) over ({{ in_order }} rows between {{ n - 1 }} preceding and current row),
        null
    )
{%- endmacro %}
