-- For an operator, with autocommit on: docs/runbook.md, "A warning that is ordinary".
-- call ops.mute_test('overrides_change_nothing', 3, '2026-12-31', 'the vendor agrees by now', 'Ana Ruiz');
create or replace procedure ops.mute_test(
    test varchar,
    accepted_rows number,
    until varchar,
    reason varchar,
    author varchar
)
copy grants
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python')
handler = 'mute'
comment = 'Mutes a data test until a day, with reason and author: it does not count for Health'
execute as owner
as
$$
{% include 'modules/snowflake/procedures/mutes.py' %}
$$;
