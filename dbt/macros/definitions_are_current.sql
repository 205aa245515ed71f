{#
    Whether the warehouse was last built by this very project, so that a build has rows to bring and nothing to define.

    The runner finds out (transform/definitions.py), chooses the selector `build_rows` and says so here. Without it – by
    hand, after a change, on a retry – everything is defined anew. What is left out then:
    comments on tables and columns, which an incremental table keeps and a table that is made again gets with it;
    the query that holds a model's columns against its contract, and the two DESCRIBEs of `on_schema_change: fail`.
#}
{% macro definitions_are_current() %}
    {{ return(env_var('SNOWTAPE_DEFINITIONS', '') == 'current') }}
{% endmacro %}

{% macro snowflake__get_assert_columns_equivalent(sql) %}
    {%- if not definitions_are_current() %}
        {{- return(default__get_assert_columns_equivalent(sql)) }}
    {%- endif %}
{% endmacro %}

{% macro snowflake__process_schema_changes(on_schema_change, source_relation, target_relation) %}
    {%- if definitions_are_current() %}
        {{- return({}) }}
    {%- endif %}
    {{- return(default__process_schema_changes(on_schema_change, source_relation, target_relation)) }}
{% endmacro %}

{% macro snowflake__persist_docs(relation, model, for_relation, for_columns) %}
    {%- if not (definitions_are_current() and model.config.materialized == 'incremental') %}
        {{- return(default__persist_docs(relation, model, for_relation, for_columns)) }}
    {%- endif %}
{% endmacro %}
