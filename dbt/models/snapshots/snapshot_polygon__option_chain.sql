{{
    config(
        unique_key=['contract_ticker', 'session_date'],
        post_hook="{{ mark_absorbed('option_chain') }}"
    )
}}

{{
    history(
        'option_chain',
        key=['contract_ticker', 'session_date'],
        values=[
            'underlying_ticker',
            'underlying_price_usd',
            'implied_volatility',
            'delta',
            'gamma',
            'theta_usd_per_day',
            'vega_usd_per_pct',
            'open_interest_contracts',
            'break_even_price_usd',
            'bid_usd',
            'ask_usd',
            'midpoint_usd',
            'day_close_usd',
            'day_volume_contracts'
        ]
    )
}}
