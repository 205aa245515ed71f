{# Sessions whose rates have changed, in any term, since a moment: what was computed with them is made again.
   since: a timestamp, such as newest_recorded(this, if_empty='9999-12-31'). #}
{% macro sessions_with_new_rates(since) -%}
    select session_date
        from {{ ref('int_polygon__risk_free_rates') }}
        where recorded_at > {{ since }}
{%- endmacro %}
