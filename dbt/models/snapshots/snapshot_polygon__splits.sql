{{
    config(
        unique_key=['split_id'],
        post_hook="{{ mark_absorbed('splits') }}"
    )
}}

{{
    history(
        'splits',
        key=['split_id'],
        values=[
            'ticker',
            'execution_date',
            'split_from',
            'split_to',
            'adjustment_type'
        ]
    )
}}
