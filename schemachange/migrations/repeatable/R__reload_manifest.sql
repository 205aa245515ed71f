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
{% include 'modules/manifest.py' %}
{% include 'modules/statements.py' %}
{% include 'modules/staged_objects.py' %}
{% include 'modules/load_manifest.py' %}
{% include 'modules/reload_manifest.py' %}
$$;
