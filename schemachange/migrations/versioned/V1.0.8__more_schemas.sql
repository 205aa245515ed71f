create schema if not exists staging_as_of
with managed access
comment = 'dbt, built as of a moment: raw rows, typed, as they were known then';

create schema if not exists intermediate_as_of
with managed access
comment = 'dbt, built as of a moment: adjusted for splits, with indicators and greeks';

create schema if not exists marts_as_of
with managed access
comment = 'dbt, built as of a moment: what dashboards and analysts would have read';

create schema if not exists apps
with managed access
comment = 'The Streamlit app of the operator';
