{{
    config(
        unique_key=['ticker'],
        post_hook="{{ mark_absorbed('tickers') }}"
    )
}}

{{
    history(
        'tickers',
        key=['ticker'],
        values=[
            'ticker_name',
            'market',
            'locale',
            'primary_exchange',
            'security_type',
            'currency',
            'cik',
            'composite_figi',
            'is_active',
            'delisted_date'
        ]
    )
}}
