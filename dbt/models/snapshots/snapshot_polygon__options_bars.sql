{{
    config(
        unique_key=['contract_ticker', 'session_date'],
        post_hook="{{ mark_absorbed('option_bars') }}"
    )
}}

{{
    history(
        'option_bars',
        key=['contract_ticker', 'session_date'],
        values=[
            'open_usd',
            'high_usd',
            'low_usd',
            'close_usd',
            'volume_contracts',
            'vwap_usd',
            'transactions'
        ]
    )
}}
