{{ config(materialized='view') }}

{# Of a contract that no split and no rename of its underlying touched, the symbol is the contract. #}
with known as (
    select
        coalesce(lineage.contract_ticker, terms.contract_ticker) as contract_ticker,
        coalesce(lineage.contract_id, terms.contract_ticker) as contract_id,
        lineage.valid_from,
        lineage.valid_until,
        coalesce(lineage.underlying_ticker, terms.underlying_ticker) as underlying_ticker,
        lineage.underlying_security_id,
        terms.exercise_style,
        coalesce(lineage.shares_per_contract, terms.shares_per_contract) as shares_per_contract,
        iff(
            lineage.contract_ticker is null,
            terms.additional_deliverables,
            lineage.additional_deliverables
        ) as additional_deliverables,
        lineage.predecessor_ticker,
        lineage.successor_ticker,
        lineage.joined_by,
        lineage.evidence,
        coalesce(lineage.price_factor, 1) as price_factor,
        coalesce(lineage.contracts_factor, 1) as contracts_factor,
        lineage.uncertain_reason
    from {{ ref('stg_polygon__option_terms') }} as terms
    full outer join {{ ref('int_polygon__contract_lineage') }} as lineage
        on terms.contract_ticker = lineage.contract_ticker
),

described as (
    select
        known.*,
        {{ option_type('known.contract_ticker') }} as contract_type,
        {{ option_expiration('known.contract_ticker') }} as expiration_date,
        {{ option_strike('known.contract_ticker') }} as strike_usd,
        regexp_like({{ option_root('known.contract_ticker') }}, '.*[0-9]')
        or coalesce(known.shares_per_contract, 100) <> 100
        or known.additional_deliverables is not null as is_adjusted_contract
    from known
)

select
    contract_ticker,
    contract_id,
    valid_from,
    valid_until,
    underlying_ticker,
    underlying_security_id,
    contract_type,
    exercise_style,
    expiration_date,
    strike_usd,
    shares_per_contract,
    additional_deliverables,
    is_adjusted_contract,
    predecessor_ticker,
    successor_ticker,
    joined_by,
    evidence,
    price_factor,
    contracts_factor,
    coalesce(
        uncertain_reason,
        iff(
            is_adjusted_contract and predecessor_ticker is null,
            'what it was before it was adjusted is not known',
            null
        )
    ) as uncertain_reason
from described
