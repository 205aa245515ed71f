-- Of each session the at-the-money volatility on both sides of 30 days to expiration, and the underlying's own: along
-- the security that had the ticker in the last of the sessions, under each of its tickers.
with sides as (
    select
        underlying_security_id,
        session_date,
        days_to_expiration,
        at_the_money_volatility_pct,
        iff(days_to_expiration <= 30, 'before', 'after') as side,
        row_number() over (
            partition by session_date, iff(days_to_expiration <= 30, 'before', 'after')
            order by abs(days_to_expiration - 30)
        ) as place
    from marts.fct_polygon__volatility_term_structure
    where
        underlying_security_id = (
            select max_by(named.underlying_security_id, named.session_date)
            from marts.fct_polygon__volatility_term_structure as named
            where
                named.underlying_ticker = :underlying
                and named.session_date <= :session
        )
        and session_date >= :since
        and session_date <= :session
        and days_to_expiration > 0
),

brackets as (
    select
        session_date,
        max(underlying_security_id) as underlying_security_id,
        max(iff(side = 'before', days_to_expiration, null)) as days_before,
        max(iff(side = 'before', at_the_money_volatility_pct, null)) as volatility_before_pct,
        max(iff(side = 'after', days_to_expiration, null)) as days_after,
        max(iff(side = 'after', at_the_money_volatility_pct, null)) as volatility_after_pct
    from sides
    where place = 1
    group by session_date
)

select
    brackets.session_date,
    prices.security_id,
    brackets.days_before,
    brackets.volatility_before_pct,
    brackets.days_after,
    brackets.volatility_after_pct,
    prices.volatility_21d_pct
from brackets
left join marts.fct_polygon__stock_bars_performance as prices
    on
        brackets.session_date = prices.session_date
        and brackets.underlying_security_id = prices.security_id
order by brackets.session_date
