{{
    config(
        unique_key=history_columns('treasury_yields').key,
        post_hook="{{ mark_absorbed('treasury_yields') }}"
    )
}}

{{ history('treasury_yields') }}
