{# Schemas are named exactly as configured: schemachange creates them, the dashboard and the grants name them.
   A build as of a moment reads the histories, and the answers that they are made of, and writes beside the other schemas,
   never into them. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema = custom_schema_name | trim if custom_schema_name else target.schema -%}
    {{ schema }}{{ '_as_of' if var('as_of', none) and schema in ('staging', 'intermediate', 'marts') and node.name != 'stg_polygon__answers' }}
{%- endmacro %}
