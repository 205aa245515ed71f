{# The window over a listing's bars, and the first bar with a MACD signal: as many as its two averages need for their seeds. #}
{% macro in_listing_order() %}{{ return('partition by security_id, listed_from_date order by session_date') }}{% endmacro %}

{% macro first_macd_bar() %}{{ return(34) }}{% endmacro %}
