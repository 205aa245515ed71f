{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ forget_rewritten_bars() }}",
        meta={'sorted_by': ['ticker', 'session_date', 'version_number']}
    )
}}
{# All versions of a bar are written to the history together, so those of one recorded_at are all that there are.
   A bar has several, or was withdrawn, where one of them has ended: asked for that first, partitions without a restatement are not read. #}
{%- set history = ref('stg_polygon__stock_bars_versions') %}
{%- set since = newest_recorded(this) if is_incremental() else none %}
with restated as (
    select distinct
        ended.ticker,
        ended.session_date
    from {{ history }} as ended
    where
        ended.dbt_valid_to is not null
        {%- if since %}
        and ended.recorded_at > {{ since }}
        {%- endif %}
)

select
    versions.ticker,
    versions.session_date,
    row_number() over (
        partition by versions.ticker, versions.session_date
        order by versions.dbt_valid_from
    ) as version_number,
    count(*) over (
        partition by versions.ticker, versions.session_date
    ) as version_count,
    versions.dbt_valid_from as known_from,
    versions.dbt_valid_to as known_until,
    versions.open_usd,
    versions.high_usd,
    versions.low_usd,
    versions.close_usd,
    versions.volume_shares,
    versions.vwap_usd,
    versions.transactions,
    versions.dbt_valid_to is null as is_current,
    versions.is_dropped,
    versions.override_reason,
    versions.recorded_at
from {{ history }} as versions
inner join restated
    on
        versions.ticker = restated.ticker
        and versions.session_date = restated.session_date
{%- if since %}
where versions.recorded_at > {{ since }}
{%- endif %}
