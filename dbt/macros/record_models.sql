{# What became of each model of this invocation, in ops.build_models: one statement for all of them. dbt's own count of
   rows is of its last statement, and 1 for every table that was made anew: the catalog's count is taken. #}
{% macro record_models(results) %}
    {%- if execute and flags.WHICH in ('build', 'run', 'retry') and not var('as_of', none) -%}
        {%- set models = results | selectattr('node.resource_type', 'equalto', 'model') | list -%}
        {%- if models %}
    insert into {{ target.database }}.ops.build_models (
        build_id,
        run_id,
        model_name,
        layer,
        materialization,
        status,
        started_at,
        execution_seconds,
        stored_rows,
        message,
        finished_at
    )
    with results as (
        select
            column1 as model_name,
            column2 as layer,
            column3 as materialization,
            column4 as status,
            column5 as started_at,
            column6 as execution_seconds,
            column7 as message
        from values
        {%- for model in models %}
            {%- set began = model.timing | selectattr('name', 'equalto', 'execute') | map(attribute='started_at') | first %}
            (
                '{{ model.node.name }}',
                '{{ model.node.schema }}',
                '{{ model.node.config.materialized }}',
                '{{ model.status }}',
                {{ "'" ~ began.strftime("%Y-%m-%d %H:%M:%S.%f") ~ "'" if began else 'null' }},
                {{ model.execution_time }},
                {{ quoted_text(model.message) if model.status != 'success' else 'null' }}
            ){{ ',' if not loop.last }}
        {%- endfor %}
    )

    select
        '{{ invocation_id }}' as build_id,
        {{ quoted_text(env_var('SNOWTAPE_RUN', '')) }} as run_id,
        results.model_name,
        results.layer,
        results.materialization,
        results.status,
        results.started_at::timestamp_ntz as started_at,
        results.execution_seconds,
        stored.row_count as stored_rows,
        results.message,
        convert_timezone('UTC', current_timestamp())::timestamp_ntz as finished_at
    from results
    left join {{ target.database }}.information_schema.tables as stored
        on
            results.materialization <> 'view'
            and stored.table_schema = upper(results.layer)
            and stored.table_name = upper(results.model_name)
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{# A text of somebody else's as a literal of at most 1,000 characters; null where there is none. #}
{% macro quoted_text(text) -%}
    {%- if text -%}
        '{{ text[:1000] | replace("\\", "\\\\") | replace("'", "''") }}'
    {%- else -%}
        null
    {%- endif -%}
{%- endmacro %}
