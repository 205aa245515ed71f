{# The days in SNOWTAPE_EXCHANGE_CLOSURES, as ingest/closures.py reads them. #}
{% macro named_exchange_closures() %}
    {%- set days = [] %}
    {%- set text = env_var('SNOWTAPE_EXCHANGE_CLOSURES', '') %}
    {%- for part in text.split(',') if part.strip() %}
        {%- if not modules.re.fullmatch('[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', part.strip()) %}
            {%- do exceptions.raise_compiler_error(
                "SNOWTAPE_EXCHANGE_CLOSURES is '" ~ text ~ "'; expected days on which the exchange was closed, "
                ~ "separated by commas, such as 2025-01-09."
            ) %}
        {%- endif %}
        {%- do days.append(part.strip()) %}
    {%- endfor %}
    {{ return(days) }}
{% endmacro %}
