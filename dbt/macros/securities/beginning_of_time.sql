{# Before all that is known: where a first piece begins. In tables it is NULL. #}
{% macro beginning_of_time() %}{{ return("'0001-01-01'") }}{% endmacro %}
