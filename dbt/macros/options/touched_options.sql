{#
    Which chains (underlying and session) a build has to make again, because something that they are made of was
    recorded after the newest row that the model holds: CTEs that end in `touched` (underlying_ticker, session_date).

    A chain is made as a whole, since which strike is at the money depends on its neighbours.
    - Bars and snapshots of its contracts, and the underlying's bar, also one that was withdrawn, touch their own session.
    - A contract's terms touch the sessions of it that are built, under the old underlying and under the new one. Terms
      that come late are looked for where they were missing (Snowflake skips partitions in which has_contract_terms is
      always true); terms that changed, which is rare, in all rows.
    - A dividend touches the sessions from its declaration until the last that its cadence is projected from, a split the
      sessions around its execution of which a dividend lies on the other side; in every version of them: also where
      the version before was. Days that lie ahead have no rows yet.
    - Rates of a session touch all chains of it: first come those of the day before, then its own.
    - What is said of a security under one of its tickers touches the chains under each of them. A ticker of which it
      became known that it is, or was, another security touches all its chains, and those of that security's tickers.
    - A closure of the exchange that becomes known, or is called off, touches the sessions of contracts that live then:
      they expire a session earlier or later.
    What touches built rows touches nothing while there are none.
#}
{% macro touched_options() -%}
{%- set since = newest_recorded(this) -%}
{%- set since_built = newest_recorded(this, if_empty='9999-12-31') -%}
new_quotes as (
    select
        contract_ticker,
        session_date,
        null::varchar as snapshot_underlying_ticker
    from {{ ref('stg_polygon__options_bars_versions') }}
    where recorded_at > {{ since }}
    union all
    select
        contract_ticker,
        session_date,
        underlying_ticker as snapshot_underlying_ticker
    from {{ ref('stg_polygon__option_chain_versions') }}
    where recorded_at > {{ since }}
),

new_terms as (
    select
        contract_ticker,
        max_by(underlying_ticker, dbt_valid_from) as underlying_ticker,
        count(*) > 1 as is_changed
    from {{ ref('stg_polygon__option_contracts_versions') }}
    where recorded_at > {{ since_built }}
    group by contract_ticker
),

built_with_other_terms as (
    select
        built.contract_ticker,
        built.session_date,
        built.underlying_ticker as old_underlying_ticker,
        coalesce(new_terms.underlying_ticker, built.underlying_ticker) as new_underlying_ticker
    from {{ this }} as built
    inner join new_terms
        on built.contract_ticker = new_terms.contract_ticker
    where
        new_terms.is_changed
        or not built.has_contract_terms
),

new_windows as (
    select
        ticker,
        least(ex_dividend_date, coalesce(declaration_date, dateadd('day', -1, dbt_valid_from::date))) as first_date,
        ex_dividend_date as event_date
    from {{ ref('stg_polygon__dividends_versions') }}
    where recorded_at > {{ since_built }}
    union all
    select
        ticker,
        dateadd('day', -{{ dividend_reach_days() }}, execution_date) as first_date,
        execution_date as event_date
    from {{ ref('stg_polygon__splits_versions') }}
    where recorded_at > {{ since_built }}
    union all
    select
        splits.ticker,
        dateadd('day', -{{ dividend_reach_days() }}, splits.execution_date) as first_date,
        splits.execution_date as event_date
    from {{ ref('int_polygon__splits_chosen') }} as splits
    inner join {{ ref('stg_polygon__stock_bars_versions') }} as bars
        on
            splits.ticker = bars.ticker
            and bars.session_date >= dateadd('day', -{{ split_reach_days() }}, splits.execution_date)
            and bars.session_date <= dateadd('day', {{ split_reach_days() }}, splits.execution_date)
    where
        splits.is_contested
        and bars.recorded_at > {{ since_built }}
),

tickers_of_one_security as (
    {{ tickers_of_one_security() }}
),

touched as (
    select
        coalesce(
            terms.underlying_ticker,
            new_quotes.snapshot_underlying_ticker,
            {{ option_root_underlying(option_root('new_quotes.contract_ticker')) }}
        ) as underlying_ticker,
        new_quotes.session_date
    from new_quotes
    left join {{ ref('stg_polygon__option_terms') }} as terms
        on new_quotes.contract_ticker = terms.contract_ticker
    union
    select
        built.underlying_ticker,
        built.session_date
    from {{ this }} as built
    inner join new_quotes
        on
            built.contract_ticker = new_quotes.contract_ticker
            and built.session_date = new_quotes.session_date
    union
    select
        old_underlying_ticker as underlying_ticker,
        session_date
    from built_with_other_terms
    union
    select
        new_underlying_ticker as underlying_ticker,
        session_date
    from built_with_other_terms
    union
    select
        {{ underlying_of('coalesce(tickers.other_ticker, bars.ticker)') }} as underlying_ticker,
        bars.session_date
    from {{ ref('stg_polygon__stock_bars_versions') }} as bars
    left join tickers_of_one_security as tickers
        on bars.ticker = tickers.ticker
    where bars.recorded_at > {{ since_built }}
    union
    select
        coalesce(tickers.other_ticker, new_windows.ticker) as underlying_ticker,
        days.calendar_date as session_date
    from new_windows
    left join tickers_of_one_security as tickers
        on new_windows.ticker = tickers.ticker
    inner join {{ ref('int_polygon__exchange_days') }} as days
        on
            days.calendar_date >= new_windows.first_date
            and days.calendar_date < dateadd('day', {{ dividend_reach_days() }}, new_windows.event_date)
    union
    select
        built.underlying_ticker,
        built.session_date
    from {{ this }} as built
    where built.session_date in (
        {{ sessions_with_new_rates(since_built) }}
    )
    {%- set closures, spans = ref('int_polygon__exchange_closures'), ref('int_polygon__ticker_spans') %}
    {#- Rare, and a look at all rows: asked for first. #}
    {%- if not asks_first() or asked('select count(*) from ' ~ spans ~ ' where recorded_at > ' ~ since_built) %}
    union
    select
        built.underlying_ticker,
        built.session_date
    from {{ this }} as built
    inner join tickers_of_one_security as tickers
        on built.underlying_ticker = tickers.other_ticker
    inner join {{ spans }} as spans
        on tickers.ticker = spans.ticker
    where spans.recorded_at > {{ since_built }}
    {%- endif %}
    {%- if not asks_first() or asked('select count(*) from ' ~ closures ~ ' where recorded_at > ' ~ since_built) %}
    union
    select
        built.underlying_ticker,
        built.session_date
    from {{ this }} as built
    inner join {{ closures }} as closures
        on
            built.session_date <= closures.closure_date
            and built.expiration_date >= closures.closure_date
    where closures.recorded_at > {{ since_built }}
    {%- endif %}
),
{%- endmacro %}
