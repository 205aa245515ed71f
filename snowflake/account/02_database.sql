-- The database belongs to sysadmin, so that no service can drop it. Its schemas are created by the deployer, with
-- schemachange, and so are all grants inside of it: schemachange/migrations/repeatable/R__rights.sql.
use role sysadmin;

create database if not exists <% database %>
comment = 'Snowtape: daily stock and option market data';

-- Where scripts/judge.py builds everything on empty tables before a deployment, and drops it again.
create database if not exists <% database %>_scratch
data_retention_time_in_days = 0
comment = 'Snowtape: empty at rest; every statement is tried here before it is deployed';

grant usage, create schema on database <% database %>_scratch to role <% database %>_deployer;
grant usage, create schema on database <% database %> to role <% database %>_deployer;
grant usage on database <% database %> to role <% database %>_loader;
grant usage on database <% database %> to role <% database %>_transformer;
grant usage on database <% database %> to role <% database %>_reader;
