-- For an operator, called as raw.load_manifest is: call raw.reload_manifest('manifests/stocks/<id>.json')
create or replace procedure raw.reload_manifest(manifest_key varchar)
copy grants
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python')
handler = 'reload'
comment = 'Removes the rows of one manifest and loads it again, in one transaction'
execute as owner
as
$$
{% include 'modules/ingest/manifest_document.py' %}
{% include 'modules/snowflake/procedures/statements.py' %}
{% include 'modules/snowflake/procedures/staged_objects.py' %}
{% include 'modules/snowflake/procedures/load_manifest.py' %}
{% include 'modules/snowflake/procedures/reload_manifest.py' %}
$$;
