-- One warehouse a role: what each costs is on the bill, and none waits for another. Created once; the second statement
-- brings the settings of an existing one up to date, but for its size, which is yours to change.
use role sysadmin;

create warehouse if not exists <% database %>_deployer
with warehouse_size = xsmall
initially_suspended = true
comment = 'Migrations';

alter warehouse <% database %>_deployer set
auto_suspend = 60
auto_resume = true
statement_timeout_in_seconds = 900
statement_queued_timeout_in_seconds = 600;

grant usage on warehouse <% database %>_deployer to role <% database %>_deployer;

create warehouse if not exists <% database %>_loader
with warehouse_size = xsmall
initially_suspended = true
comment = 'Loads: a call takes a list of manifests';

alter warehouse <% database %>_loader set
auto_suspend = 60
auto_resume = true
statement_timeout_in_seconds = 1800
statement_queued_timeout_in_seconds = 600;

grant usage on warehouse <% database %>_loader to role <% database %>_loader;

create warehouse if not exists <% database %>_transformer
with warehouse_size = xsmall
initially_suspended = true
comment = 'dbt';

alter warehouse <% database %>_transformer set
auto_suspend = 60
auto_resume = true
statement_timeout_in_seconds = 3600
statement_queued_timeout_in_seconds = 600;

grant usage on warehouse <% database %>_transformer to role <% database %>_transformer;

create warehouse if not exists <% database %>_reader
with warehouse_size = xsmall
initially_suspended = true
comment = 'Dashboard, Streamlit and analysts';

alter warehouse <% database %>_reader set
auto_suspend = 60
auto_resume = true
statement_timeout_in_seconds = 120
statement_queued_timeout_in_seconds = 600;

grant usage on warehouse <% database %>_reader to role <% database %>_reader;

-- Credits a month; a warehouse that reaches its quota ends what runs and stays suspended until the next month or a
-- larger quota. A monitor does not see serverless features; Snowtape uses none.
use role accountadmin;

create resource monitor if not exists <% database %>_deployer
with credit_quota = <% deployer_credits %>
frequency = monthly
start_timestamp = immediately
triggers
on 80 percent do notify
on 100 percent do suspend
on 110 percent do suspend_immediate;

alter resource monitor <% database %>_deployer set credit_quota = <% deployer_credits %>;

alter warehouse <% database %>_deployer set resource_monitor = <% database %>_deployer;

create resource monitor if not exists <% database %>_loader
with credit_quota = <% loader_credits %>
frequency = monthly
start_timestamp = immediately
triggers
on 80 percent do notify
on 100 percent do suspend
on 110 percent do suspend_immediate;

alter resource monitor <% database %>_loader set credit_quota = <% loader_credits %>;

alter warehouse <% database %>_loader set resource_monitor = <% database %>_loader;

create resource monitor if not exists <% database %>_transformer
with credit_quota = <% transformer_credits %>
frequency = monthly
start_timestamp = immediately
triggers
on 80 percent do notify
on 100 percent do suspend
on 110 percent do suspend_immediate;

alter resource monitor <% database %>_transformer set credit_quota = <% transformer_credits %>;

alter warehouse <% database %>_transformer set resource_monitor = <% database %>_transformer;

create resource monitor if not exists <% database %>_reader
with credit_quota = <% reader_credits %>
frequency = monthly
start_timestamp = immediately
triggers
on 80 percent do notify
on 100 percent do suspend
on 110 percent do suspend_immediate;

alter resource monitor <% database %>_reader set credit_quota = <% reader_credits %>;

alter warehouse <% database %>_reader set resource_monitor = <% database %>_reader;
