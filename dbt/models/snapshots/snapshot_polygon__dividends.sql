{{
    config(
        unique_key=['dividend_id'],
        post_hook="{{ mark_absorbed('dividends') }}"
    )
}}

{{
    history(
        'dividends',
        key=['dividend_id'],
        values=[
            'ticker',
            'ex_dividend_date',
            'cash_amount',
            'currency',
            'payments_per_year',
            'distribution_type',
            'pay_date'
        ]
    )
}}
