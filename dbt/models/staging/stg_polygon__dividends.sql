{# One dividend under two ids would count twice: the vendor reissues ids, and its older endpoint has others than the
   newer one. Two of one day and amount are two payments only where both say of what kind they are and it differs. #}
with dividends as (
    select
        versions.*,
        round(versions.cash_amount, 9) as amount,
        coalesce(upper(versions.currency), 'USD') as paid_in,
        {{ dividend_kind('versions.distribution_type') }} as kind
    from {{ ref('stg_polygon__dividends_versions') }} as versions
    where
        {{ is_known() }}
        and not is_dropped
)

select
    dividend_id,
    ticker,
    ex_dividend_date,
    cash_amount,
    currency,
    payments_per_year,
    distribution_type,
    declaration_date,
    pay_date,
    fetched_at,
    manifest_id,
    recorded_at,
    override_reason
from dividends
qualify
    row_number() over (
        partition by ticker, ex_dividend_date, amount, paid_in, kind
        order by fetched_at desc, dividend_id desc
    ) = 1
    and (
        kind is not null
        or count(kind) over (partition by ticker, ex_dividend_date, amount, paid_in) = 0
    )
