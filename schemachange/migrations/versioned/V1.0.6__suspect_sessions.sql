alter table raw.load_ledger
add column suspect_sessions variant
comment 'Array of {dataset, session, result_rows, expected_rows, fetches}: sessions that answered too few tickers';
