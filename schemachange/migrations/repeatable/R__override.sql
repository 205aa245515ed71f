-- For an operator, with autocommit on: docs/runbook.md, "The vendor has a number wrong".
-- call ops.override('stock_bars', 'AAPL|2026-03-18', 'close_usd', '101.5', 'a busted trade', 'Ana Ruiz');
create or replace procedure ops.override(
    dataset varchar,
    row_key varchar,
    field varchar,
    value varchar,
    reason varchar,
    author varchar
)
copy grants
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python')
handler = 'override'
comment = 'Overrules a field of a row of the vendor, or drops the row, with reason and author'
execute as owner
as
$$
{% include 'modules/snowflake/procedures/overrides.py' %}
$$;
