-- One row that differs after every load, build and test run. Counts and maxima come from metadata in Snowflake;
-- last_altered is what tells a rebuild that brought no new bar (a split, a full refresh).
select
    (select max(last_altered) from information_schema.tables where table_schema = 'MARTS') as marts_altered_at,
    (select max(fetched_at) from marts.fct_polygon__stock_bars_performance) as bars_fetched_at,
    (select count(*) from marts.fct_polygon__stock_bars_performance) as bars,
    (select count(*) from marts.dim_polygon__tickers) as tickers,
    (select max(executed_at) from ops.dbt_test_results) as tests_executed_at,
    (select max(loaded_at) from ops.loads) as loaded_at,
    (select count(*) from ops.load_rejects) as rejects
