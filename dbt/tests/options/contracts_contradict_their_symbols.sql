{# Catches a contract whose terms are not those that its symbol spells: prices go by the symbol, listings by the terms. A
   day's difference is none: options used to expire on a Saturday after the Friday on which they last traded. #}
{{ config(severity='warn') }}
select
    contract_ticker,
    contract_type,
    expiration_date,
    strike_usd
from {{ ref('stg_polygon__option_contracts') }}
where
    abs(strike_usd - {{ option_strike('contract_ticker') }}) > 0.001
    or abs(datediff('day', expiration_date, {{ option_expiration('contract_ticker') }})) > 1
    or (contract_type in ('call', 'put') and contract_type <> {{ option_type('contract_ticker') }})
