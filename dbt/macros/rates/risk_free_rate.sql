{#
    The risk-free rate until a day, percent a year, continuously compounded: linear between the terms of a row of
    int_polygon__risk_free_rates, flat beyond the first and the last one. A month is a twelfth of 365 days.

    rates: alias of that row, joined by session_date.  days: calendar days from the session on, also a part of one.
    Every branch is defined for all days. NULL where there is no row, or no number of days.
#}
{% macro risk_free_rate_pct(rates, days) -%}
{%- set terms = treasury_terms().items() | list -%}
{%- set months = '((' ~ days ~ ')::float * 12 / 365)' -%}
case
            when {{ months }} <= {{ terms[0][1] }} then {{ rates }}.rate_{{ terms[0][0] }}_pct
            {%- for term, until in terms[1:] %}
            {%- set shorter, since = terms[loop.index0] %}
            when {{ months }} <= {{ until }}
                then
                    {{ rates }}.rate_{{ shorter }}_pct
                    + ({{ rates }}.rate_{{ term }}_pct - {{ rates }}.rate_{{ shorter }}_pct)
                    * ({{ months }} - {{ since }}) / {{ until - since }}
            {%- endfor %}
            when {{ months }} > {{ terms[-1][1] }} then {{ rates }}.rate_{{ terms[-1][0] }}_pct
        end
{%- endmacro %}
