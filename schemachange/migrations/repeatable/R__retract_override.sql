-- For an operator, with autocommit on:
-- call ops.retract_override('stock_bars', 'AAPL|2026-03-18', 'close_usd', 'the vendor has corrected it', 'Ana Ruiz');
create or replace procedure ops.retract_override(
    dataset varchar,
    row_key varchar,
    field varchar,
    reason varchar,
    author varchar
)
copy grants
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python')
handler = 'retract'
comment = 'Takes back an override: from now on the value of the vendor counts again'
execute as owner
as
$$
{% include 'modules/snowflake/procedures/overrides.py' %}
$$;
