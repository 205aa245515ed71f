{# Schemas are named exactly as configured: schemachange creates them, the dashboard and the grants name them. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
