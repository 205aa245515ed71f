-- A volatility surface without arbitrage through the options of a chain (docs/adr/0014), called as a table function
-- beside the chains. JSON text goes in, an element an expiration by ascending time, and comes out in the same order.
create or replace function intermediate.fitted_surface(
    chain varchar
)
copy grants
returns table (
    surface varchar
)
language python
runtime_version = '3.11'
packages = ('numpy', 'pandas', 'scipy')
handler = 'FittedSurface'
comment = 'Slices of an SSVI surface fitted to a chain, or why an expiration has none'
as
$$
{% include 'modules/pricing/rules.py' %}
{% include 'modules/pricing/european.py' %}
{% include 'modules/pricing/ssvi.py' %}
{% include 'modules/pricing/surface.py' %}
{% include 'modules/pricing/chain.py' %}
{% include 'modules/snowflake/functions/fitted_surface.py' %}
$$;
