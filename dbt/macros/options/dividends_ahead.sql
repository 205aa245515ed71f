{#
    The dividends that an option's holder reckons with at the close of a session: CTEs of int_polygon__options_bars_enriched.

    dividends: all that matter to a chain, in shares of its session. A split in between scales them: of the days after
    an ex-date that is past, and of those before one that lies ahead, which is stated in the shares of then.
    yields: what went ex in the year up to the session; European contracts are priced with it (docs/adr/0008).
    ahead: declared by the session and not ex yet; behind the last that is known, regular ones by their frequency, each as
    large as that one. A cadence that is half a period overdue has ended. A special dividend isn't expected: it changes
    the contract instead.
    schedules: those up to an expiration, as JSON for intermediate.option_numbers, with their number and worth.
#}
{% macro dividends_of_chains() -%}
{%- set of_chain = 'partition by underlying_security_id, session_date' -%}
chains as (
    select
        underlying_security_id,
        session_date,
        max(expiration_date) as last_expiration_date
    from owned
    group by
        underlying_security_id,
        session_date
),

tickers_of_chains as (
    select underlying_ticker as ticker
    from owned
    union
    select spans.ticker
    from {{ ref('int_polygon__ticker_spans') }} as spans
    inner join chains
        on spans.security_id = chains.underlying_security_id
),

announced as (
    select
        announced.*,
        announced.ex_dividend_date as event_date
    from {{ ref('int_polygon__dividends_announced') }} as announced
    inner join tickers_of_chains
        on announced.ticker = tickers_of_chains.ticker
),

owners_of_announced as (
    {{ securities_of_events('announced') }}
),

executed as (
    select
        splits.*,
        splits.execution_date as event_date
    from {{ ref('int_polygon__splits_chosen') }} as splits
    inner join tickers_of_chains
        on splits.ticker = tickers_of_chains.ticker
    where splits.is_chosen
),

owners_of_executed as (
    {{ securities_of_events('executed') }}
),

paid_once as (
    {{ told_once('announced', 'owners_of_announced', 'announced.dividend_usd') }}
),

executed_once as (
    {{ told_once('executed', 'owners_of_executed', 'executed.split_from / executed.split_to') }}
),

dividends as (
    select
        chains.underlying_security_id,
        chains.session_date,
        chains.last_expiration_date,
        announced.dividend_id,
        announced.ex_dividend_date,
        max(announced.announced_date) <= chains.session_date as is_known,
        max(announced.payments_per_year) as payments_per_year,
        {# Of several splits in between the product; rounded, since a sum of logarithms is not exact. #}
        max(announced.dividend_usd) * round(exp(coalesce(sum(
            iff(splits.execution_date <= chains.session_date, 1, -1) * ln(splits.split_from / splits.split_to)
        ), 0)), 12) as cash_usd
    from chains
    inner join paid_once as announced
        on
            chains.underlying_security_id = announced.security_id
            and announced.ex_dividend_date > dateadd('day', -{{ dividend_reach_days() }}, chains.session_date)
            and announced.ex_dividend_date <= greatest(chains.last_expiration_date, chains.session_date)
    left join executed_once as splits
        on
            announced.security_id = splits.security_id
            and splits.execution_date > least(announced.ex_dividend_date, chains.session_date)
            and splits.execution_date <= greatest(announced.ex_dividend_date, chains.session_date)
    group by
        chains.underlying_security_id,
        chains.session_date,
        chains.last_expiration_date,
        announced.dividend_id,
        announced.ex_dividend_date
),

yields as (
    select
        underlying_security_id,
        session_date,
        sum(cash_usd) as dividends_usd,
        count(*) as dividend_payments
    from dividends
    where
        ex_dividend_date <= session_date
        and ex_dividend_date > dateadd('day', -{{ dividend_window_days() }}, session_date)
    group by
        underlying_security_id,
        session_date
),

cadences as (
    select
        underlying_security_id,
        session_date,
        last_expiration_date,
        ex_dividend_date as last_ex_date,
        cash_usd,
        payments_per_year
    from dividends
    where
        is_known
        and payments_per_year > 0
    qualify row_number() over ({{ of_chain }} order by ex_dividend_date desc, dividend_id desc) = 1
),

payment_numbers as (
    select row_number() over (order by seq4()) as payment_number
    from table(generator(rowcount => {{ most_dividends_ahead() + 1 }}))
),

projected as (
    select
        cadences.underlying_security_id,
        cadences.session_date,
        cadences.last_expiration_date,
        cadences.cash_usd,
        iff(
            mod(12, cadences.payments_per_year) = 0,
            dateadd('month', {{ _periods(12) }}, cadences.last_ex_date),
            dateadd('day', {{ _periods(365) }}, cadences.last_ex_date)
        )::date as ex_dividend_date
    from cadences
    cross join payment_numbers
    where
        cadences.last_ex_date > dateadd('day', -round(1.5 * 365 / cadences.payments_per_year)::number, cadences.session_date)
),

ahead as (
    select
        underlying_security_id,
        session_date,
        ex_dividend_date,
        cash_usd,
        false as is_projected
    from dividends
    where
        is_known
        and ex_dividend_date > session_date
    union all
    select
        underlying_security_id,
        session_date,
        ex_dividend_date,
        cash_usd,
        true as is_projected
    from projected
    where
        ex_dividend_date > session_date
        and ex_dividend_date <= last_expiration_date
),
{%- endmacro %}

{# From `compared`: a row for each underlying, session, expiration and moment of settlement with dividends before it.
   Time to an ex-date is whole days, as engines have it; on the last day the share goes ex a second before the end. #}
{% macro dividend_schedules() -%}
{%- set keys = ['underlying_security_id', 'session_date', 'expiration_date', 'years_to_expiration', 'risk_free_rate_pct'] -%}
expirations as (
    select distinct
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        last_trading_date
    from compared
    where years_to_expiration > 0
),

payments as (
    select
        expirations.*,
        ahead.cash_usd,
        ahead.is_projected,
        least(
            datediff('day', expirations.session_date, ahead.ex_dividend_date)::float / 365,
            expirations.years_to_expiration - 1 / (365 * 86400)
        ) as years_to_payment
    from expirations
    inner join ahead
        on
            expirations.underlying_security_id = ahead.underlying_security_id
            and expirations.session_date = ahead.session_date
            and expirations.last_trading_date >= ahead.ex_dividend_date
),

schedules as (
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        count(*) as dividends_ahead,
        sum(iff(is_projected, 1, 0)) as dividends_projected,
        round(sum(cash_usd), 10) as dividends_ahead_usd,
        round(sum(cash_usd * exp(-risk_free_rate_pct / 100 * years_to_payment)), 10) as discounted_dividends_usd,
        {# As decimals: a float's text has fewer digits. #}
        '[' || listagg(
            '[' || to_varchar(years_to_payment::number(20, 12)) || ', ' || to_varchar(cash_usd::number(20, 9)) || ']', ', '
        ) within group (order by years_to_payment, cash_usd) || ']' as dividends
    from payments
    group by
        {%- for key in keys %}
        {{ key }}{{ ',' if not loop.last }}
        {%- endfor %}
),
{%- endmacro %}

{# Months or days of a year from the last known dividend to a later one. #}
{% macro _periods(of_year) -%}
    round({{ of_year }} * payment_numbers.payment_number / cadences.payments_per_year)::number
{%- endmacro %}

{# Days that a dividend counts back from: the year of a yield, and a year and a half of a cadence, the longest there is. #}
{% macro dividend_window_days() %}{{ return(365) }}{% endmacro %}

{% macro dividend_reach_days() %}{{ return(548) }}{% endmacro %}

{# A contract with more has no volatility: three years of monthly ones. #}
{% macro most_dividends_ahead() %}{{ return(36) }}{% endmacro %}

{# Distributions that say nothing about the next year's: specials, in the vendor's old and new spelling. Of those ahead,
   the options' clearing house adjusts contracts for them, so that they change no price. #}
{% macro extra_distributions() -%}
    'special', 'supplemental', 'irregular', 'SC', 'LT', 'ST'
{%- endmacro %}
