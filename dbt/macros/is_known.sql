{#
    Which version of a history counts: the newest one, or with `--vars 'as_of: 2026-10-01 21:00:00'` (UTC) the one that
    was known at that moment. A version counts from the moment it was fetched until, and without, the next one's.
#}
{% macro is_known() -%}
    {%- if var('as_of', none) -%}
        {{ known_at("'" ~ var('as_of') ~ "'::timestamp_ntz", 'dbt_valid_from', 'dbt_valid_to') }}
    {%- else -%}
        dbt_valid_to is null
    {%- endif -%}
{%- endmacro %}

{% macro known_at(moment, known_from, known_until) -%}
    {{ known_from }} <= {{ moment }}
    and coalesce({{ known_until }} > {{ moment }}, true)
{%- endmacro %}
