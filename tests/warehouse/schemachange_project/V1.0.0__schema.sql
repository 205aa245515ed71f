create schema if not exists raw with managed access;
create table if not exists raw.bars (
  ticker varchar not null,
  session_date date not null,
  response variant,
  loaded_at timestamp_ntz default sysdate(),
  constraint pk_bars primary key (ticker, session_date) rely
) cluster by (session_date) comment = 'one row a bar; loaded as is';
create file format if not exists raw.ndjson type = json compression = auto;
create stage if not exists raw.landing url = 's3://bucket/prefix/' file_format = (format_name = 'raw.ndjson');
grant usage on schema raw to role {{ reader }};
