{#
    What can't be true, in numbers. A row beyond a bound is rejected; one that is merely strange counts, and a data test
    flags it. Each bound leaves room: it is what no market has shown, not what is unlikely. tests/dbt/test_bounds.py
    stands on both sides of each.
#}
{% macro bounds() %}
    {%- set most = {} %}
    {#- The CTA and UTP feeds give a symbol 11 bytes; the vendor's own notation (BRK.A, BRKpA, I:SPX) adds a few. #}
    {%- do most.update(symbol_characters=16) %}
    {#- The dearest share there ever was, BRK.A, stands below 1e6. #}
    {%- do most.update(stock_price_usd=1e8) %}
    {#- An option costs at most its underlying or its strike, and a symbol has room for strikes below 100,000. #}
    {%- do most.update(option_price_usd=1e6) %}
    {%- do most.update(strike_usd=1e6) %}
    {#- Penny stocks have traded some 1e11 shares in a session. #}
    {%- do most.update(volume_shares=1e13) %}
    {#- All listed options of all exchanges trade some 1e8 contracts in a session. #}
    {%- do most.update(volume_contracts=1e9) %}
    {%- do most.update(open_interest_contracts=1e9) %}
    {#- The busiest share has some 1e7 trades in a session. #}
    {%- do most.update(transactions=1e9) %}
    {#- Prices come rounded to the cent, and to fewer digits than that below a dollar: half a cent, or half a percent. #}
    {%- do most.update(rounding_usd=0.005) %}
    {%- do most.update(rounding_share=0.005) %}
    {#- The largest consolidations on record are 1 for some 35,000. #}
    {%- do most.update(split_ratio=1e5) %}
    {#- Also in a currency of which a dollar buys thousands. #}
    {%- do most.update(dividend_amount=1e7) %}
    {%- do most.update(payments_per_year=366) %}
    {#- Bills have yielded -0.1 % at the least and 17 % at the most (1981); no government's bond has yielded -2 %. #}
    {%- do most.update(yield_below_zero_pct=5) %}
    {%- do most.update(yield_pct=50) %}
    {#- Splits and dividends are announced a year ahead at most, and FLEX options expire within 15 years. #}
    {%- do most.update(announced_days=1100) %}
    {#- The vendor's clock may be ahead of ours, by no more than a time zone. #}
    {%- do most.update(clock_hours=24) %}
    {%- do most.update(expiration_days=7500) %}
    {%- do most.update(first_year=1900) %}
    {%- do most.update(shares_per_contract=1e6) %}
    {#- 1 is 100 %: near expiration, far from the money, quotes imply tens of it. #}
    {%- do most.update(implied_volatility=1000) %}
    {#- Of one share, rounding aside. #}
    {%- do most.update(delta=1.001) %}
    {#- No option's price bends down in its underlying's, nor falls with volatility; solvers leave a little below zero. #}
    {%- do most.update(below_zero=0.001) %}
    {#- At the money in the last minute, of a share that costs a cent. #}
    {%- do most.update(gamma=1e6) %}
    {#- What a complete answer lacks ends, as long as it is little: so many rows, or this share of what it should hold. #}
    {#- An answer that lacks more is doubted and ends nothing. #}
    {%- do most.update(withdrawn_rows=10) %}
    {%- do most.update(withdrawn_share=0.01) %}
    {#- Of the list of tickers: some one in a hundred go in a quarter of a year, which a pipeline may have paused for. #}
    {%- do most.update(withdrawn_share_of_tickers=0.05) %}
    {#- Of a session this share at most, beyond a single row: two of five tickers that are gone are no withdrawal. #}
    {%- do most.update(withdrawn_share_of_session=0.25) %}
    {{- return(most) }}
{% endmacro %}
