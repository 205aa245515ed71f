{# The warehouse's clock, UTC. A macro, so that a unit test can set it. #}
{% macro now_utc() -%}
    convert_timezone('UTC', current_timestamp())::timestamp_ntz(6)
{%- endmacro %}
