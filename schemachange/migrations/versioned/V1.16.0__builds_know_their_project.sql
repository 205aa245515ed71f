alter table ops.builds add column if not exists project_digest varchar
    comment 'SHA-256 of the dbt project that a DAG built; NULL for a build by hand and for a retry';
alter table ops.dbt_test_results alter column run_id
    comment 'Airflow run of dbt_build, also for what dbt_test ran after it; of dbt_test where it was started by hand';
alter table ops.dbt_failing_rows
    set comment = 'The first rows of every data test that did not pass, as they were then; written by dbt';
