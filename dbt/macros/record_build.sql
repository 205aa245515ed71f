{# One row of ops.builds for an invocation that built models: what caches of their contents are keyed by. #}
{% macro record_build(results) %}
    {%- if execute and flags.WHICH in ('build', 'run', 'retry') and not var('as_of', none) -%}
        {%- set models = results | selectattr('node.resource_type', 'equalto', 'model') | list -%}
        {%- set built = models | selectattr('status', 'equalto', 'success') | list | length -%}
        {%- if built %}
    insert into {{ target.database }}.ops.builds (
        build_id,
        started_at,
        finished_at,
        is_full_refresh,
        models_built,
        models_failed,
        models_skipped
    )
    select
        '{{ invocation_id }}' as build_id,
        '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'::timestamp_ntz as started_at,
        convert_timezone('UTC', current_timestamp())::timestamp_ntz as finished_at,
        {{ flags.FULL_REFRESH | lower }} as is_full_refresh,
        {{ built }} as models_built,
        {{ models | selectattr('status', 'equalto', 'error') | list | length }} as models_failed,
        {{ models | selectattr('status', 'equalto', 'skipped') | list | length }} as models_skipped
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
