-- Repeatable: another bucket, prefix or integration is deployed by setting it. Its URL ends with a slash, since keys
-- are appended as they are.
create or replace stage raw.landing
url = '{{ stage_url }}'
{%- if storage_integration %}
storage_integration = {{ storage_integration }}
{%- endif %}
comment = 'Raw objects and manifests, as the ingest landed them';
