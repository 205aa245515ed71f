{{
    config(
        unique_key=history_columns('ticker_listings').key,
        post_hook="{{ mark_absorbed('ticker_listings') }}"
    )
}}

{{ history('ticker_listings') }}
