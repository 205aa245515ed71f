{# The run and the node that a query belongs to, as JSON; `tag` is what other jobs say with Snowflake's query tag. #}
{% macro query_comment(node) %}
    {%- set said = {'app': 'dbt', 'dbt_version': dbt_version, 'target_name': target.name} %}
    {%- if env_var('SNOWTAPE_RUN', '') %}
        {%- do said.update(tag='snowtape/' ~ env_var('SNOWTAPE_RUN')) %}
    {%- endif %}
    {%- if node is not none %}
        {%- do said.update(node_id=node.unique_id) %}
    {%- endif %}
    {{- return(tojson(said)) -}}
{% endmacro %}
