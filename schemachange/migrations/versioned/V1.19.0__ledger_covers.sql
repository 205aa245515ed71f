alter table raw.load_ledger
add column covers variant
comment 'Options: array of {symbols, sessions}, the sessions that the manifest covers of each underlying (*: of all); NULL for stocks'
