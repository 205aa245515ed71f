create role if not exists {{ reader }};
create warehouse if not exists mini_wh warehouse_size = xsmall auto_suspend = 60;
alter table raw.bars add column if not exists volume number(38, 0);
insert into raw.bars (ticker, session_date) select 'AAPL', '2026-11-20'::date;
