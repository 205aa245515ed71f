{# What a model that is built from a history has not seen yet: rows recorded after the newest that it holds. #}
{% macro newest_recorded(relation) -%}
    (
    select coalesce(max(seen.recorded_at), '0001-01-01'::timestamp_ntz)
    from {{ relation }} as seen
)
{%- endmacro %}

{# A bar may have fewer versions than before, even one: the versions that were built before make room in any case.
   Dying between this and the new rows costs nothing, since the newest recorded_at then is an older one. #}
{% macro forget_rewritten_bars() %}
    {%- if is_incremental() %}
    delete from {{ this }}
    where (ticker, session_date) in (
        select
            versions.ticker,
            versions.session_date
        from {{ ref('snapshot_polygon__stock_bars') }} as versions
        where versions.recorded_at > {{ newest_recorded(this) }}
    )
    {%- else %}
    select 1 as nothing_to_forget
    {%- endif %}
{% endmacro %}
