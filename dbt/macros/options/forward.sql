{# What the underlying costs at expiration by the rate and the dividends that its options are priced with: American
   contracts' in cash, European ones' as a yield. From rows of int_polygon__options_bars_enriched. #}
{% macro forward_usd(style) -%}
    iff(
        {{ style }} = 'european',
        underlying_close_usd * exp(-dividend_yield_pct / 100 * years_to_expiration),
        underlying_close_usd - discounted_dividends_usd
    ) * exp(risk_free_rate_pct / 100 * years_to_expiration)
{%- endmacro %}
