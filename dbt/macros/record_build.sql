{# One row of ops.builds for an invocation that built models: what caches of their contents are keyed by, and what tells
   an hourly build that there is nothing to do (transform/sql/unbuilt.sql). Counted from what the histories have
   absorbed: a load that committed while the build ran is not in it. #}
{% macro record_build(results) %}
    {%- if execute and flags.WHICH in ('build', 'run', 'retry') and not var('as_of', none) -%}
        {%- set models = results | selectattr('node.resource_type', 'equalto', 'model') | list -%}
        {%- set built = models | selectattr('status', 'equalto', 'success') | list | length -%}
        {#- A retry may be of another project than the build that it goes on with. #}
        {%- set digest = env_var('SNOWTAPE_PROJECT_DIGEST', '') -%}
        {%- if built %}
    insert into {{ target.database }}.ops.builds (
        build_id,
        started_at,
        finished_at,
        is_full_refresh,
        models_built,
        models_failed,
        models_skipped,
        project_digest,
        ledger_manifests,
        ledger_loaded_through
    )
    select
        '{{ invocation_id }}' as build_id,
        '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'::timestamp_ntz as started_at,
        convert_timezone('UTC', current_timestamp())::timestamp_ntz as finished_at,
        {{ flags.FULL_REFRESH | lower }} as is_full_refresh,
        {{ built }} as models_built,
        {{ models | selectattr('status', 'equalto', 'error') | list | length }} as models_failed,
        {{ models | selectattr('status', 'equalto', 'skipped') | list | length }} as models_skipped,
        {{ "'" ~ digest ~ "'" if digest and flags.WHICH == 'build' else 'null' }} as project_digest,
        {%- if invocation_args_dict.get('select') or invocation_args_dict.get('exclude') %}
        null as ledger_manifests,
        null as ledger_loaded_through
        {%- else %}
        count(*) as ledger_manifests,
        max(load_ledger.loaded_at) as ledger_loaded_through
    from {{ source('raw', 'load_ledger') }} as load_ledger
    inner join {{ absorbed_manifests() }} as absorbed
        on
            load_ledger.manifest_id = absorbed.manifest_id
            and absorbed.dataset = iff(load_ledger.family = 'options', 'option_contracts', 'stock_bars')
        {%- endif %}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
