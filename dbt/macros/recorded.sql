{# What a model that is built from a history has not seen yet: rows recorded after the newest that it holds.
   A build asks first and writes the answer down as a literal: Snowflake prunes by literals and not by subqueries.
   if_empty: what counts where it holds nothing; everything is newer than the default. #}
{% macro newest_recorded(relation, if_empty='0001-01-01') -%}
    {%- if asks_first() -%}
        '{{ asked("select max(seen.recorded_at) from " ~ relation ~ " as seen") or if_empty }}'::timestamp_ntz
    {%- else -%}
        (
            select coalesce(max(seen.recorded_at), '{{ if_empty }}'::timestamp_ntz)
            from {{ relation }} as seen
        )
    {%- endif -%}
{%- endmacro %}

{# Whether there are tables to ask: not while parsing or compiling, and not in a unit test, where rows are given. #}
{% macro asks_first() %}
    {{ return(execute and flags.WHICH in ('build', 'run', 'retry') and model.resource_type == 'model') }}
{% endmacro %}

{# The one value that a query gives. #}
{% macro asked(query) %}
    {{ return(run_query(query).columns[0].values()[0]) }}
{% endmacro %}

{# A bar may have fewer versions than before, even one: the versions that were built before make room in any case.
   Dying between this and the new rows costs nothing, since the newest recorded_at then is an older one. #}
{% macro forget_rewritten_bars() %}
    {%- if is_incremental() %}
    delete from {{ this }}
    where (ticker, session_date) in (
        select
            versions.ticker,
            versions.session_date
        from {{ ref('stg_polygon__stock_bars_versions') }} as versions
        where versions.recorded_at > {{ newest_recorded(this, if_empty='9999-12-31') }}
    )
    {%- else %}
    select 1 as nothing_to_forget
    {%- endif %}
{% endmacro %}
