-- What the answers of the marts and of ops depend on: the newest build (whole or not), test run, load, reject,
-- override and mute.
select
    (select max_by(build_id, finished_at) from ops.builds) as build_id,
    (select max(finished_at) from ops.build_models) as models_finished_at,
    (select max(executed_at) from ops.dbt_test_results) as tests_executed_at,
    (select max(loaded_at) from ops.loads) as loaded_at,
    (select count(*) from ops.load_rejects) as rejects,
    (select count(*) from ops.overrides) as overrides,
    (select count(*) from ops.test_mutes) as mutes
