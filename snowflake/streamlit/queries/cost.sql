-- Credits of each run of the last seven days, by the query tag snowtape/<job>/<run>, which dbt has in its queries'
-- comments. The attribution comes up to eight hours late, and leaves out queries of less than 0.1 s and the time in
-- which a warehouse was idle.
select
    split_part(history.run_tag, '/', 2) as job,
    split_part(history.run_tag, '/', 3) as run_id,
    min(history.start_time) as began_at,
    count(*) as queries,
    sum(history.total_elapsed_time) / 1000 as elapsed_seconds,
    sum(attribution.credits_attributed_compute) as credits
from (
    select
        queries.*,
        coalesce(
            regexp_substr(
                iff(queries.query_tag = 'snowtape/dbt', queries.query_text, null),
                '"tag": "([^"]+)"', 1, 1, 'e', 1
            ),
            queries.query_tag
        ) as run_tag
    from snowflake.account_usage.query_history as queries
    where
        queries.start_time >= dateadd(day, -7, current_timestamp())
        and queries.database_name = current_database()
        and startswith(queries.query_tag, 'snowtape/')
) as history
left join snowflake.account_usage.query_attribution_history as attribution
    on history.query_id = attribution.query_id
group by job, run_id
order by began_at desc
