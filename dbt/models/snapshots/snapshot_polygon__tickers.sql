{{
    config(
        unique_key=history_columns('tickers').key,
        post_hook="{{ mark_absorbed('tickers') }}"
    )
}}

{{ history('tickers') }}
