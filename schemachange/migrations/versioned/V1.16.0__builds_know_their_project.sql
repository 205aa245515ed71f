alter table ops.builds add column if not exists project_digest varchar
comment 'SHA-256 of the dbt project that was built by a DAG; null for a build by hand';
comment on column ops.dbt_test_results.run_id
is 'Airflow run of dbt_build whose tests they are, also those that dbt_test ran after it; of dbt_test where it was started by hand';
comment on table ops.dbt_failing_rows
is 'The first rows of every data test that did not pass, as they were then; written by dbt';
