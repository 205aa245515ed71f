alter table raw.load_ledger
add column manifest_sha256 varchar comment 'Of the manifest as it was loaded; NULL for loads before it was kept';

alter table raw.load_ledger
alter column objects comment 'Array of {key, dataset, bytes, rows, sha256}, one per loaded object; in old rows an etag';
