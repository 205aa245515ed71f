alter table raw.load_ledger
add column covers variant
comment 'Options: array of {symbols, sessions} that the manifest covers, the symbol * for all; NULL for stocks'
