create schema if not exists raw
with managed access
comment = 'API responses as they came, and which manifests are loaded';

create schema if not exists staging
with managed access
comment = 'dbt: raw rows, typed; current versions';

create schema if not exists snapshots
with managed access
comment = 'dbt: every version of every row, valid from the time it was fetched';

create schema if not exists intermediate
with managed access
comment = 'dbt: adjusted for splits, with indicators and greeks';

create schema if not exists marts
with managed access
comment = 'dbt: what dashboards and analysts read';

create schema if not exists ops
with managed access
comment = 'How the pipeline does: test results, loads, rejects';
