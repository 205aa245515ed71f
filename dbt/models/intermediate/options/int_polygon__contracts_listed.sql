{{ config(materialized='view') }}

{# What the reference said of a contract, and of which day: the day that the list was asked for, at the latest the
   contract's last one; where the list was asked for no day, the day in New York on which it was fetched. #}
select
    versions.contract_ticker,
    versions.underlying_ticker,
    versions.expiration_date,
    versions.shares_per_contract,
    versions.has_additional_underlyings,
    versions.additional_deliverables,
    least(
        coalesce(
            answers.as_of_date,
            convert_timezone('UTC', 'America/New_York', recorded.fetched_at)::date
        ),
        versions.expiration_date
    ) as listed_date
from {{ ref('stg_polygon__option_contracts_versions') }} as versions
inner join {{ ref('snapshot_polygon__option_contracts') }} as recorded
    on
        versions.contract_ticker = recorded.contract_ticker
        and versions.dbt_valid_from >= recorded.dbt_valid_from
        and coalesce(versions.dbt_valid_from < recorded.dbt_valid_to, true)
left join {{ ref('stg_polygon__answers') }} as answers
    on
        answers.dataset = 'option_contracts'
        and recorded.manifest_id = answers.manifest_id
        and recorded.object_key = answers.object_key
        and recorded.line_number = answers.line_number
where
    not versions.is_dropped
{%- if var('as_of', none) %}
    and versions.dbt_valid_from <= '{{ var('as_of') }}'::timestamp_ntz
{%- endif %}
