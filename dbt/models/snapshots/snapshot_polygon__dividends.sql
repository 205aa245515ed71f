{{
    config(
        unique_key=history_columns('dividends').key,
        post_hook="{{ mark_absorbed('dividends') }}"
    )
}}

{{ history('dividends') }}
