-- From where the service users may sign in; people are not touched. Two policies, because CI runs elsewhere.
use role securityadmin;

create network policy if not exists <% database %>_services
allowed_ip_list = (<% service_networks %>)
comment = 'Airflow and the dashboard';

alter network policy <% database %>_services set allowed_ip_list = (<% service_networks %>);

create network policy if not exists <% database %>_ci
allowed_ip_list = (<% ci_networks %>)
comment = 'The runners that deploy';

alter network policy <% database %>_ci set allowed_ip_list = (<% ci_networks %>);

alter user <% database %>_deploy set network_policy = <% database %>_ci;
alter user <% database %>_load set network_policy = <% database %>_services;
alter user <% database %>_transform set network_policy = <% database %>_services;
alter user <% database %>_dashboard set network_policy = <% database %>_services;
