-- How many securities rose and fell in each session, were at a 52-week high or low during it, and closed above SMA 200;
-- from :since on, oldest first.
select
    session_date,
    count(*) as securities,
    count_if(simple_return_pct > 0) as advancers,
    count_if(simple_return_pct < 0) as decliners,
    count_if(simple_return_pct = 0) as unchanged,
    count_if(adjusted_high_usd >= high_52w_usd) as new_highs,
    count_if(adjusted_low_usd <= low_52w_usd) as new_lows,
    count_if(adjusted_close_usd > sma_200_usd) as above_sma_200,
    count(sma_200_usd) as with_sma_200
from marts.fct_polygon__stock_bars_performance
where session_date >= :since
group by session_date
order by session_date
