{# A split counts once it is executed: until a session on or after its date is known, prices still stand before it.
   The product is built split by split, newest first, so that 2:1 gives exactly 0.5 and not exp(ln(0.5)). #}
with recursive executed as (
    select
        splits.ticker,
        splits.execution_date,
        splits.split_from,
        splits.split_to,
        row_number() over (
            partition by splits.ticker
            order by splits.execution_date desc, splits.split_id asc
        ) as split_number
    from {{ ref('int_polygon__splits_chosen') }} as splits
    where
        splits.is_chosen
        and splits.execution_date <= {{ newest_session() }}
),

products (ticker, execution_date, split_number, factor_from, factor_to) as (
    select
        ticker,
        execution_date,
        split_number,
        split_from as factor_from,
        split_to as factor_to
    from executed
    where split_number = 1
    union all
    select
        executed.ticker,
        executed.execution_date,
        executed.split_number,
        products.factor_from * executed.split_from as factor_from,
        products.factor_to * executed.split_to as factor_to
    from products
    inner join executed
        on
            products.ticker = executed.ticker
            and products.split_number + 1 = executed.split_number
)

select
    ticker,
    coalesce(
        lead(execution_date) over (partition by ticker order by split_number),
        '0001-01-01'::date
    ) as applies_from,
    execution_date as applies_before,
    factor_from / factor_to as split_factor
from products
qualify applies_from < applies_before
