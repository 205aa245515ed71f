-- Service users: they cannot have a password, and have the rights of one role at a time. CI proves who it is with
-- GitHub's token for its environment; the others sign with a key of which Snowflake knows the public half. The second
-- key slot is for a rotation: docs/runbook.md.
use role useradmin;

create user if not exists <% database %>_deploy
type = service
workload_identity = (
    type = oidc
    issuer = 'https://token.actions.githubusercontent.com'
    subject = 'repo:<% github_repository %>:environment:<% github_environment %>'
)
default_role = <% database %>_deployer
default_warehouse = <% database %>_deployer
default_secondary_roles = ()
comment = 'CI: schemachange and the Streamlit app';

create user if not exists <% database %>_load
type = service
rsa_public_key = '<% loader_public_key %>'
default_role = <% database %>_loader
default_warehouse = <% database %>_loader
default_secondary_roles = ()
comment = 'Airflow: loads and test results';

create user if not exists <% database %>_transform
type = service
rsa_public_key = '<% transformer_public_key %>'
default_role = <% database %>_transformer
default_warehouse = <% database %>_transformer
default_secondary_roles = ()
comment = 'Airflow: dbt';

create user if not exists <% database %>_dashboard
type = service
rsa_public_key = '<% dashboard_public_key %>'
default_role = <% database %>_reader
default_warehouse = <% database %>_reader
default_secondary_roles = ()
comment = 'The dashboard';

alter user <% database %>_load set rsa_public_key = '<% loader_public_key %>';
alter user <% database %>_transform set rsa_public_key = '<% transformer_public_key %>';
alter user <% database %>_dashboard set rsa_public_key = '<% dashboard_public_key %>';

use role securityadmin;

grant role <% database %>_deployer to user <% database %>_deploy;
grant role <% database %>_operator to user <% database %>_deploy;
grant role <% database %>_transformer to user <% database %>_deploy;
grant role <% database %>_loader to user <% database %>_load;
grant role <% database %>_transformer to user <% database %>_transform;
grant role <% database %>_reader to user <% database %>_dashboard;
