-- Who may do what inside the database; docs/security.md has it as a table, tests/account proves it. Run by the
-- deployer, who owns the schemas: they have managed access, so that the owner of an object can pass nothing on.
-- The roles are created by snowflake/account/.
{%- set prefix = database | lower %}
{%- set loader, transformer = prefix ~ '_loader', prefix ~ '_transformer' %}
{%- set deployer = prefix ~ '_deployer' %}
{%- set reader, operator = prefix ~ '_reader', prefix ~ '_operator' %}
grant usage on schema raw to role {{ loader }};
grant usage on schema ops to role {{ loader }};
-- The procedures run with their owner's rights: who calls them needs none on tables, stage and integration.
grant usage on procedure raw.load_manifest(varchar) to role {{ loader }};
grant usage on procedure raw.load_manifests(varchar) to role {{ loader }};
grant select on table raw.load_ledger to role {{ loader }};
grant select on table raw.load_rejects to role {{ loader }};
-- The watermark only says where a sweep begins to list; a wrong one costs a listing and loses nothing.
grant select, update on table raw.load_watermarks to role {{ loader }};
grant select, insert on table ops.dbt_test_results to role {{ loader }};
-- Whether a build would find anything new.
grant select on table ops.builds to role {{ loader }};
grant select on table ops.overrides to role {{ loader }};

grant usage on schema raw to role {{ transformer }};
grant select on all tables in schema raw to role {{ transformer }};
grant select on future tables in schema raw to role {{ transformer }};
{% for schema in ('staging', 'snapshots', 'intermediate', 'marts', 'ops', 'staging_as_of', 'intermediate_as_of', 'marts_as_of') %}
grant usage, create table, create view on schema {{ schema }} to role {{ transformer }};
{% endfor %}
grant usage on function intermediate.option_numbers(
    varchar, varchar, float, float, float, float, float, varchar, float
) to role {{ transformer }};
grant usage on function intermediate.fitted_surface(varchar) to role {{ transformer }};
grant select, insert on table ops.builds to role {{ transformer }};
grant select, insert on table ops.build_models to role {{ transformer }};
grant select, insert on table ops.dbt_failing_rows to role {{ transformer }};
grant select on table ops.dbt_test_results to role {{ transformer }};
grant select on table ops.overrides to role {{ transformer }};
grant select on table ops.test_mutes to role {{ transformer }};
-- ops.override runs with the deployer's rights and asks the histories whether there is such a row.
grant usage on schema snapshots to role {{ deployer }};
grant select on all tables in schema snapshots to role {{ deployer }};
grant select on future tables in schema snapshots to role {{ deployer }};

{% for schema in ('marts', 'marts_as_of', 'ops') %}
grant usage on schema {{ schema }} to role {{ reader }};
grant select on all tables in schema {{ schema }} to role {{ reader }};
grant select on future tables in schema {{ schema }} to role {{ reader }};
grant select on all views in schema {{ schema }} to role {{ reader }};
grant select on future views in schema {{ schema }} to role {{ reader }};
{% endfor %}
grant usage on schema raw to role {{ operator }};
grant usage on procedure raw.reload_manifest(varchar) to role {{ operator }};
-- Nobody writes ops.overrides but through these two.
grant usage on procedure ops.override(varchar, varchar, varchar, varchar, varchar, varchar) to role {{ operator }};
grant usage on procedure ops.retract_override(varchar, varchar, varchar, varchar, varchar) to role {{ operator }};
-- Nor ops.test_mutes but through these.
grant usage on procedure ops.mute_test(varchar, number, varchar, varchar, varchar) to role {{ operator }};
grant usage on procedure ops.end_test_mute(varchar, varchar, varchar) to role {{ operator }};
grant usage, create streamlit, create stage on schema apps to role {{ operator }};
