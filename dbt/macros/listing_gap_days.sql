{#
    A ticker that is silent for longer than this begins a new listing: what comes then is another company's (tickers are
    given away again) or so old that no average should reach across. Calendar days; longer than halts usually last, and
    shorter than the four months after which META became another company's.
#}
{% macro listing_gap_days() %}{{ return(90) }}{% endmacro %}
