{# How a contract may be exercised while the reference doesn't have it: as the symbol's root says. Listed options are
   American but for those of indices, which are European. #}
{% macro assumed_exercise_style(root) -%}
    iff(
        {{ root }} in (
            {%- for index in european_roots() %}
            '{{ index }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ),
        'european',
        'american'
    )
{%- endmacro %}

{% macro european_roots() %}
    {{ return([
        'SPX', 'SPXW', 'XSP', 'NDX', 'NDXP', 'XND', 'RUT', 'RUTW', 'MRUT', 'DJX', 'VIX', 'VIXW', 'XEO', 'XDA', 'XDB'
    ]) }}
{% endmacro %}

{# These settle at the opening prices of the last session; all others at its close. The vendor's contracts don't say it. #}
{% macro is_settled_at_the_open(root) -%}
    {{ root }} in ('SPX', 'NDX', 'RUT', 'DJX', 'VIX', 'VIXW')
{%- endmacro %}

{# Minutes after midnight at which New York opens. #}
{% macro opening_minute() %}{{ return(570) }}{% endmacro %}
