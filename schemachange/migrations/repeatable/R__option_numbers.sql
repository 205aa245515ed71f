-- Implied volatility and greeks of option prices (docs/adr/0012), called as a table function beside the rows to price.
-- dividends is JSON text, [[years from now until the share goes ex, USD a share], …].
create or replace function intermediate.option_numbers(
    exercise_style varchar,
    contract_type varchar,
    spot_usd float,
    strike_usd float,
    years_to_expiration float,
    rate float,
    dividend_yield float,
    dividends varchar,
    price_usd float
)
copy grants
returns table (
    implied_volatility float,
    delta float,
    gamma float,
    theta_usd_per_day float,
    vega_usd_per_point float,
    rho_usd_per_point float,
    early_exercise_premium_usd float,
    reason varchar
)
language python
runtime_version = '3.11'
packages = ('numpy', 'pandas', 'scipy')
handler = 'OptionNumbers'
comment = 'Implied volatility, greeks and the worth of early exercise of an option price, or why there are none'
as
$$
{% include 'modules/pricing/rules.py' %}
{% include 'modules/pricing/european.py' %}
{% include 'modules/pricing/boundary.py' %}
{% include 'modules/pricing/american.py' %}
{% include 'modules/pricing/implied.py' %}
{% include 'modules/pricing/dividends.py' %}
{% include 'modules/pricing/schedule.py' %}
{% include 'modules/pricing/options.py' %}
{% include 'modules/snowflake/functions/option_numbers.py' %}
$$;
