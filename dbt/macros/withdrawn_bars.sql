{#
    Bars that count no more: withdrawn by the vendor, or dropped by an override, since a model was last built. They are in
    no staging view any more, so their rows have to go before the model's own new ones come. Dying in between costs
    nothing: the newest recorded_at that is left is an older one.
#}
{% macro forget_withdrawn_bars(date='session_date', of_date='versions.session_date') %}
    {%- if is_incremental() %}
    delete from {{ this }}
    where (ticker, {{ date }}) in (
        select
            versions.ticker,
            {{ of_date }}
        from {{ ref('stg_polygon__stock_bars_versions') }} as versions
        where versions.recorded_at > {{ newest_recorded(this, if_empty='9999-12-31') }}
        group by
            versions.ticker,
            versions.session_date
        having count_if(versions.dbt_valid_to is null and not versions.is_dropped) = 0
    )
    {%- else %}
    select 1 as nothing_to_forget
    {%- endif %}
{% endmacro %}
