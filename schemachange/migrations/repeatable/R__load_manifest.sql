-- Call it with autocommit on and outside of a transaction: call raw.load_manifest('manifests/stocks/<id>.json')
create or replace procedure raw.load_manifest(manifest_key varchar)
copy grants
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python')
handler = 'main'
comment = 'Loads the objects of one manifest into the raw tables, once, in one transaction'
execute as owner
as
$$
{% include 'modules/ingest/manifest_document.py' %}
{% include 'modules/snowflake/procedures/statements.py' %}
{% include 'modules/snowflake/procedures/staged_objects.py' %}
{% include 'modules/snowflake/procedures/load_manifest.py' %}
$$;
