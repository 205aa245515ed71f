-- For an operator, with autocommit on:
-- call ops.end_test_mute('overrides_change_nothing', 'the vendor has corrected it', 'Ana Ruiz');
create or replace procedure ops.end_test_mute(
    test varchar,
    reason varchar,
    author varchar
)
copy grants
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python')
handler = 'unmute'
comment = 'Ends the mute of a data test: from now on it counts for Health again'
execute as owner
as
$$
{% include 'modules/snowflake/procedures/mutes.py' %}
$$;
