{# Marts that sum chains up are made anew for whole sessions: those in which a contract's row was written since.
   A session that has no rows in the mart any more must lose the old ones, so they make room before the new ones come.
   Dying in between costs nothing: the newest recorded_at that is left is an older one. #}
{% macro touched_sessions() -%}
    {%- set since = newest_recorded(this) -%}
    select enriched.session_date
        from {{ ref('int_polygon__options_bars_enriched') }} as enriched
        where enriched.recorded_at > {{ since }}
        union distinct
        select quotes.session_date
        from {{ dropped_quotes(since) }} as quotes
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

{# Bars and snapshots that overrides have dropped since a moment: what they were part of is made again without them. #}
{% macro dropped_quotes(since) -%}
(
            select
                contract_ticker,
                session_date
            from {{ ref('stg_polygon__options_bars_versions') }}
            where
                is_dropped
                and recorded_at > {{ since }}
            union all
            select
                contract_ticker,
                session_date
            from {{ ref('stg_polygon__option_chain_versions') }}
            where
                is_dropped
                and recorded_at > {{ since }}
        )
{%- endmacro %}

{# A quote that is dropped makes room; where its contract has the other one, the chain that is made again brings it back. #}
{% macro forget_dropped_quotes() %}
    {%- if is_incremental() %}
    delete from {{ this }}
    where (contract_ticker, session_date) in (
        select
            quotes.contract_ticker,
            quotes.session_date
        from {{ dropped_quotes(newest_recorded(this, if_empty='9999-12-31')) }} as quotes
    )
    {%- else %}
    select 1 as nothing_to_forget
    {%- endif %}
{% endmacro %}

{# What is compared across a chain: contracts that deliver 100 shares of the underlying, in the sessions to make. #}
{% macro chain_contracts() -%}
    {%- do ref('stg_polygon__options_bars_versions') %}
    {%- do ref('stg_polygon__option_chain_versions') %}
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
