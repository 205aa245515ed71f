-- Called as raw.load_manifest is, with a JSON array of keys: call raw.load_manifests('["manifests/stocks/<id>.json"]')
create or replace procedure raw.load_manifests(manifest_keys varchar)
copy grants
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python')
handler = 'load_list'
comment = 'Loads a list of manifests, each once and whole, in as few transactions as their size allows'
execute as owner
as
$$
{% include 'modules/ingest/manifest_document.py' %}
{% include 'modules/snowflake/procedures/statements.py' %}
{% include 'modules/snowflake/procedures/staged_objects.py' %}
{% include 'modules/snowflake/procedures/load_manifest.py' %}
{% include 'modules/snowflake/procedures/load_manifests.py' %}
$$;
