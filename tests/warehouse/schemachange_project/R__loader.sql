create or replace procedure raw.loader(key varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python')
handler = 'main'
execute as owner
as
$$
{% include 'modules/loader.py' %}
$$;
