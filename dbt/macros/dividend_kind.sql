{# What a dividend is, in one spelling for both endpoints of the vendor: the older one has CD where the newer one says
   recurring, SC for special, LT and ST for capital gains. NULL where it says nothing, which contradicts nothing. #}
{% macro dividend_kind(type) -%}
    case upper({{ type }})
            when 'CD' then 'recurring'
            when 'SC' then 'special'
            when 'LT' then 'long_term_gain'
            when 'ST' then 'short_term_gain'
            when 'UNKNOWN' then null
            else lower({{ type }})
        end
{%- endmacro %}
