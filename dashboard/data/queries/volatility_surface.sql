select
    expiration_date,
    days_to_expiration,
    years_to_expiration,
    underlying_close_usd,
    forward_usd,
    implied_forward_usd,
    forward_difference_bp,
    forward_pairs,
    fitted_forward_volatility_pct,
    theta,
    rho,
    psi,
    least_strike_usd,
    most_strike_usd,
    rms_residual_pct,
    points,
    outliers,
    fit_reason
from marts.fct_polygon__volatility_surface
where underlying_ticker = :underlying and session_date = :session
order by years_to_expiration, expiration_date
