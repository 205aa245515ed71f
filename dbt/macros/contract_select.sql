{#
    What a table with a contract is filled from: dbt puts the model into a subquery to bring its columns into the yml's
    order, and there an ORDER BY means nothing. A model whose rows are to lie together on disk names its order instead,
    `meta={'sorted_by': [...]}`, and it stands outside.
#}
{% macro snowflake__get_select_subquery(sql) %}
    {{- default__get_select_subquery(sql) }}
    {%- set sorted_by = config.get('meta', {}).get('sorted_by') %}
    {%- if sorted_by %}
    order by {{ sorted_by | join(', ') }}
    {%- endif %}
{% endmacro %}
