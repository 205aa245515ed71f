{# Marts that sum chains up are made anew for whole sessions: those in which a contract's row was written since.
   A session that has no rows in the mart any more must lose the old ones, so they make room before the new ones come.
   Dying in between costs nothing: the newest recorded_at that is left is an older one. #}
{% macro touched_sessions() -%}
    select enriched.session_date
        from {{ ref('int_polygon__options_bars_enriched') }} as enriched
        where enriched.recorded_at > {{ newest_recorded(this) }}
{%- endmacro %}

{% macro forget_touched_sessions() %}
    {%- if is_incremental() %}
    delete from {{ this }}
    where session_date in (
        {{ touched_sessions() }}
    )
    {%- else %}
    select 1 as nothing_to_forget
    {%- endif %}
{% endmacro %}

{# What is compared across a chain: contracts that deliver 100 shares of the underlying, in the sessions to make. #}
{% macro chain_contracts() -%}
    select *
    from {{ ref('int_polygon__options_bars_enriched') }}
    where
        not is_adjusted_contract
        {%- if is_incremental() %}
        and session_date in (
        {{ touched_sessions() }}
        )
        {%- endif %}
{%- endmacro %}
