{{
    config(
        unique_key=['ticker', 'session_date'],
        post_hook="{{ mark_absorbed('stock_bars') }}"
    )
}}

{{
    history(
        'stock_bars',
        key=['ticker', 'session_date'],
        values=[
            'open_usd',
            'high_usd',
            'low_usd',
            'close_usd',
            'volume_shares',
            'vwap_usd',
            'transactions'
        ]
    )
}}
