alter table raw.load_ledger
add column exchange_closures variant
comment 'Array of dates: closures that the exchange had announced and the calendar lacks; NULL when nobody had asked';
