{# OCC symbols are read from the right: root (1 to 6), YYMMDD, C or P, strike × 1000 in 8 digits; the API puts O: before. #}
{% macro is_option_symbol(symbol) -%}
    (
                regexp_like({{ symbol }}, 'O:[A-Z0-9.]{1,6}[0-9]{6}[CP][0-9]{8}')
                and {{ option_expiration(symbol) }} is not null
            )
{%- endmacro %}

{% macro option_root(symbol) -%}
    substr({{ symbol }}, 3, length({{ symbol }}) - 17)
{%- endmacro %}

{% macro option_expiration(symbol) -%}
    try_to_date('20' || left(right({{ symbol }}, 15), 6), 'YYYYMMDD')
{%- endmacro %}

{% macro option_type(symbol) -%}
    iff(substr(right({{ symbol }}, 9), 1, 1) = 'C', 'call', 'put')
{%- endmacro %}

{% macro option_strike(symbol) -%}
    try_to_double(right({{ symbol }}, 8)) / 1000
{%- endmacro %}

{# An underlying by the name that stock bars have: the vendor writes BRK/B for BRK.B, and I:SPX for the index SPX. #}
{% macro underlying_of(symbol) -%}
    replace(regexp_replace({{ symbol }}, '^I:', ''), '/', '.')
{%- endmacro %}

{# An adjusted contract's root is its underlying's symbol and a digit. #}
{% macro option_root_underlying(root) -%}
    regexp_replace({{ root }}, '[0-9]$', '')
{%- endmacro %}
