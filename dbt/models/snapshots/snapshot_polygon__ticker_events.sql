{{
    config(
        unique_key=history_columns('ticker_events').key,
        post_hook="{{ mark_absorbed('ticker_events') }}"
    )
}}

{{ history('ticker_events') }}
