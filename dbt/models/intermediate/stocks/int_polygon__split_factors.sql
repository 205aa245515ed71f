{# A split counts once it is executed: until a session on or after its date is known, prices still stand before it.
   The product is built split by split, newest first, so that 2:1 gives exactly 0.5 and not exp(ln(0.5)). #}
with recursive chosen as (
    select
        split_id,
        ticker,
        execution_date as event_date,
        split_from,
        split_to
    from {{ ref('int_polygon__splits_chosen') }}
    where
        is_chosen
        and execution_date <= {{ newest_session() }}
),

owners as (
    {{ securities_of_events('chosen') }}
),

{# A split that is told under the old name and under the new one is one split. #}
told_once as (
    select
        chosen.*,
        owners.security_id
    from chosen
    inner join owners
        on
            chosen.ticker = owners.ticker
            and chosen.event_date = owners.event_date
    qualify row_number() over (
        partition by owners.security_id, chosen.event_date, round(chosen.split_from / chosen.split_to, 9)
        order by chosen.ticker
    ) = 1
),

executed as (
    select
        security_id,
        event_date as execution_date,
        split_from,
        split_to,
        row_number() over (
            partition by security_id
            order by event_date desc, split_id asc
        ) as split_number
    from told_once
),

products (security_id, execution_date, split_number, factor_from, factor_to) as (
    select
        security_id,
        execution_date,
        split_number,
        split_from as factor_from,
        split_to as factor_to
    from executed
    where split_number = 1
    union all
    select
        executed.security_id,
        executed.execution_date,
        executed.split_number,
        products.factor_from * executed.split_from as factor_from,
        products.factor_to * executed.split_to as factor_to
    from products
    inner join executed
        on
            products.security_id = executed.security_id
            and products.split_number + 1 = executed.split_number
)

select
    security_id,
    coalesce(
        lead(execution_date) over (partition by security_id order by split_number),
        '0001-01-01'::date
    ) as applies_from,
    execution_date as applies_before,
    factor_from / factor_to as split_factor
from products
qualify applies_from < applies_before
