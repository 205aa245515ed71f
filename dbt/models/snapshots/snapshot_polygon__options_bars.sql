{{
    config(
        unique_key=history_columns('option_bars').key,
        post_hook="{{ mark_absorbed('option_bars') }}"
    )
}}

{{ history('option_bars') }}
