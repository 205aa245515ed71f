alter table ops.builds add column if not exists ledger_manifests number(38, 0)
    comment 'Manifests of the ledger that the build had taken up; NULL for a build of a selection of models';
alter table ops.builds add column if not exists ledger_loaded_through timestamp_ntz(6)
    comment 'UTC, the newest load among them';
