{#
    Which security a contract's underlying is in a session: CTEs that end in `owned`, which is all of `rows` (a CTE with
    underlying_ticker, option_root and session_date), underlying_security_id, and the ticker under which that security
    trades in the session.

    A contract is listed under its underlying's ticker of a day, and its symbol keeps the ticker of the day on which it
    was named. Of the securities that have had the underlying's ticker it is

    1. the one that has the symbol's ticker in the session, where that is another one: O:FB… that is listed under META
       belongs to FB's security, also while META was a fund's ticker;
    2. the one that has the underlying's ticker in the session;
    3. the one that had it nearest to the session: FB's contracts that still trade as such after the rename.

    What has no bar and so no security of its own, such as an index, goes by its name.
#}
{% macro underlying_securities(rows) -%}
underlyings as (
    select distinct
        underlying_ticker,
        {{ option_root_underlying('option_root') }} as root_ticker,
        session_date
    from {{ rows }}
),

underlying_names as (
    select
        underlyings.*,
        underlying_ticker as name
    from underlyings
    union
    select
        underlyings.*,
        root_ticker as name
    from underlyings
),

possible_owners as (
    select
        names.underlying_ticker,
        names.root_ticker,
        names.session_date,
        names.name,
        spans.security_id,
        spans.valid_from,
        max(iff(names.name = names.underlying_ticker, 1, 0)) over (
            partition by names.underlying_ticker, names.root_ticker, names.session_date, spans.security_id
        ) = 1 as has_had_the_ticker,
        greatest(
            coalesce(datediff('day', names.session_date, spans.valid_from), 0),
            coalesce(datediff('day', spans.valid_until, names.session_date) + 1, 0),
            0
        ) as days_away
    from underlying_names as names
    inner join {{ ref('int_polygon__ticker_spans') }} as spans
        on names.name = spans.ticker
    where spans.known_until is null
),

owners as (
    select
        underlying_ticker,
        root_ticker,
        session_date,
        security_id
    from possible_owners
    where has_had_the_ticker
    qualify row_number() over (
        partition by underlying_ticker, root_ticker, session_date
        order by
            days_away > 0,
            name = underlying_ticker,
            days_away,
            valid_from nulls first
    ) = 1
),

names_in_force as (
    select
        owners.underlying_ticker,
        owners.root_ticker,
        owners.session_date,
        min(spans.ticker) as ticker
    from owners
    inner join {{ ref('int_polygon__ticker_spans') }} as spans
        on
            owners.security_id = spans.security_id
            and spans.known_until is null
            and coalesce(owners.session_date >= spans.valid_from, true)
            and coalesce(owners.session_date < spans.valid_until, true)
    group by
        owners.underlying_ticker,
        owners.root_ticker,
        owners.session_date
),

owned as (
    select
        {{ rows }}.*,
        coalesce(owners.security_id, 'ticker:' || {{ rows }}.underlying_ticker) as underlying_security_id,
        coalesce(names_in_force.ticker, {{ rows }}.underlying_ticker) as ticker_in_force
    from {{ rows }}
    left join owners
        on
            {{ rows }}.underlying_ticker = owners.underlying_ticker
            and {{ option_root_underlying(rows ~ '.option_root') }} = owners.root_ticker
            and {{ rows }}.session_date = owners.session_date
    left join names_in_force
        on
            {{ rows }}.underlying_ticker = names_in_force.underlying_ticker
            and {{ option_root_underlying(rows ~ '.option_root') }} = names_in_force.root_ticker
            and {{ rows }}.session_date = names_in_force.session_date
),
{%- endmacro %}

{# Tickers that are, or were once thought to be, those of one security; each with itself. #}
{% macro tickers_of_one_security() -%}
    select distinct
        one.ticker,
        other.ticker as other_ticker
    from {{ ref('int_polygon__ticker_spans') }} as one
    inner join {{ ref('int_polygon__ticker_spans') }} as other
        on one.security_id = other.security_id
{%- endmacro %}
