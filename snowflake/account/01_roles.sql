-- Five roles a database, all below sysadmin. None has another's rights but the operator, who reads what a reader does.
use role useradmin;

create role if not exists <% database %>_deployer
comment = 'Owns the schemas, tables, stage and procedures; used by schemachange in CI';

create role if not exists <% database %>_loader
comment = 'Calls raw.load_manifests and reads the ledger; used by Airflow';

create role if not exists <% database %>_transformer
comment = 'Reads raw, owns what dbt builds; used by dbt';

create role if not exists <% database %>_reader
comment = 'Reads marts and ops; used by the dashboard and by analysts';

create role if not exists <% database %>_operator
comment = 'A reader who may reload a manifest, sees what queries cost, and owns the Streamlit app';

use role securityadmin;

grant role <% database %>_deployer to role sysadmin;
grant role <% database %>_loader to role sysadmin;
grant role <% database %>_transformer to role sysadmin;
grant role <% database %>_reader to role <% database %>_operator;
grant role <% database %>_operator to role sysadmin;

-- Credits and query history of the account, for what a run has cost.
use role accountadmin;

grant database role snowflake.usage_viewer to role <% database %>_operator;
grant database role snowflake.governance_viewer to role <% database %>_operator;
