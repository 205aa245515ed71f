{{
    config(
        unique_key=['contract_ticker'],
        post_hook="{{ mark_absorbed('option_contracts') }}"
    )
}}

{{
    history(
        'option_contracts',
        key=['contract_ticker'],
        values=[
            'underlying_ticker',
            'contract_type',
            'exercise_style',
            'expiration_date',
            'strike_usd',
            'shares_per_contract',
            'primary_exchange',
            'has_additional_underlyings'
        ]
    )
}}
