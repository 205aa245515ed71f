{# Catches a split that the vendor didn't send, or sent with a wrong ratio or date: prices before and after don't fit.
   Adjusted closes are compared, so a jump that a split explains is none. A missed 3:2 split (1.5) escapes: days on
   which a share moves that far by itself are too many. #}
{{ config(severity='warn') }}
{% set least_factor = 1.8 %}
select
    ticker,
    session_date,
    adjusted_close_usd,
    simple_return_pct,
    split_from,
    split_to
from {{ ref('fct_polygon__stock_bars_performance') }}
where
    simple_return_pct >= {{ 100 * (least_factor - 1) }}
    or simple_return_pct <= {{ 100 * (1 / least_factor - 1) }}
