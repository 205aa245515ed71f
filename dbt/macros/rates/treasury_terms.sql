{# The terms of the vendor's yields, as its fields name them, in months. #}
{% macro treasury_terms() %}
    {{ return({
        '1_month': 1,
        '3_month': 3,
        '6_month': 6,
        '1_year': 12,
        '2_year': 24,
        '3_year': 36,
        '5_year': 60,
        '7_year': 84,
        '10_year': 120,
        '20_year': 240,
        '30_year': 360,
    }) }}
{% endmacro %}

{% macro yield_columns() %}
    {{ return(_named('yield')) }}
{% endmacro %}

{% macro rate_columns() %}
    {{ return(_named('rate')) }}
{% endmacro %}

{% macro _named(what) %}
    {%- set columns = [] %}
    {%- for term in treasury_terms() %}
    {%- do columns.append(what ~ '_' ~ term ~ '_pct') %}
    {%- endfor %}
    {{ return(columns) }}
{% endmacro %}
