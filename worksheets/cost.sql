-- Credits by day and job, from the query tag snowtape/<job>/<run> that every task and dashboard sets, and every query
-- of dbt's has in its comment (job `dbt`: by hand).
-- Needs the role operator. The attribution comes up to eight hours late and leaves out the time in which a warehouse
-- was idle; snowflake.account_usage.warehouse_metering_history has the whole bill.
set since = '2026-11-01';
set usd_per_credit = 3;

select
    to_date(history.start_time) as day_utc,
    split_part(history.run_tag, '/', 2) as job,
    count(distinct split_part(history.run_tag, '/', 3)) as runs,
    count(*) as queries,
    sum(history.total_elapsed_time) / 1000 as elapsed_seconds,
    sum(attribution.credits_attributed_compute) as credits,
    sum(attribution.credits_attributed_compute) * $usd_per_credit as cost_usd
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
        queries.start_time >= to_timestamp_ntz($since)
        and queries.database_name = current_database()
        and startswith(queries.query_tag, 'snowtape/')
) as history
left join snowflake.account_usage.query_attribution_history as attribution
    on history.query_id = attribution.query_id
group by to_date(history.start_time), split_part(history.run_tag, '/', 2)
order by day_utc desc, credits desc;
