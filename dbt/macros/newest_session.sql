{#
    The newest session that has a bar: as of a moment, or now. Every bar has one version that counts, so all versions give
    the same; asked without a condition, Snowflake answers from what it keeps about partitions and reads none.
#}
{% macro newest_session() -%}
    (
        select max(versions.session_date)
        from {{ ref('snapshot_polygon__stock_bars') }} as versions
        {%- if var('as_of', none) %}
        where versions.dbt_valid_from <= '{{ var('as_of') }}'::timestamp_ntz
        {%- endif %}
    )
{%- endmacro %}
