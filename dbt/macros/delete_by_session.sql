{#
    dbt's delete+insert, bounded by the sessions of the rows that come: rows with their keys can stand nowhere else, so
    the bounds take nothing away from what is deleted, and years that they leave out are not read. They are asked for first
    and written down as literals, since Snowflake prunes by literals and not by subqueries.
#}
{% macro snowflake__get_incremental_delete_insert_sql(arg_dict) %}
    {%- set key, coming = arg_dict['unique_key'], arg_dict['temp_relation'] -%}
    {%- set predicates = [] + (arg_dict['incremental_predicates'] or []) -%}
    {%- if key is not string and 'session_date' in key -%}
        {%- set sessions = run_query('select min(session_date), max(session_date) from ' ~ coming).rows[0] -%}
        {%- do predicates.append(
            "DBT_INTERNAL_DEST.session_date between '" ~ sessions[0] ~ "'::date and '" ~ sessions[1] ~ "'::date"
            if sessions[0] else 'false'
        ) -%}
    {%- endif -%}
    {{ return(get_delete_insert_merge_sql(arg_dict['target_relation'], coming, key, arg_dict['dest_columns'], predicates)) }}
{% endmacro %}
