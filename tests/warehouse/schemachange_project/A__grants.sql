grant select on all tables in schema raw to role {{ reader }};
grant usage on procedure raw.loader(varchar) to role {{ reader }};
