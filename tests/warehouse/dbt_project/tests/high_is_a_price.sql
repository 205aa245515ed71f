-- catches a maximum that is not among the prices
{{ config(severity='warn') }}
select f.ticker from {{ ref('fct_delete_insert') }} f
where f.high_usd not in (select close_usd from {{ ref('stg_prices') }})
