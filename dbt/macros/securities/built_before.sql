{# The model's own table as the last build left it, for one that is made whole each time; none where there is none yet, in a
   full refresh, as of a moment and in a unit test. #}
{% macro built_before() %}
    {%- if not execute or flags.FULL_REFRESH or var('as_of', none) or not asks_first() -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(adapter.get_relation(this.database, this.schema, this.identifier)) }}
{% endmacro %}
