{#
    Hours from the beginning of a session's day, New York, until its bars are due: published, and six hours for ingest, load
    and build. POLYGON_PLAN and POLYGON_LAG_HOURS say from when on the API serves a session, as in ingest/publication.py; an
    early close counts as a usual one.
#}
{% macro session_due_hours() -%}
    {%- set close, midnight, grace = 16, 24, 6 %}
    {%- set plans = {'free': midnight, 'end-of-day': midnight, 'delayed': midnight, 'real-time': close} %}
    {%- set plan = env_var('POLYGON_PLAN', '').strip().lower() or 'free' %}
    {%- set lag = env_var('POLYGON_LAG_HOURS', '').strip() %}
    {%- if plan not in plans %}
        {%- do exceptions.raise_compiler_error(
            "POLYGON_PLAN is '" ~ plan ~ "'; expected one of " ~ plans | join(', ') ~ '.'
        ) %}
    {%- elif lag and not modules.re.fullmatch('[0-9]{1,2}([.][0-9]{1,2})?', lag) %}
        {%- do exceptions.raise_compiler_error(
            "POLYGON_LAG_HOURS is '" ~ lag ~ "'; expected hours from a session's close until it is served, such as 0.25."
        ) %}
    {%- endif %}
    {{- (close + (lag | float) if lag else plans[plan]) + grace }}
{%- endmacro %}
