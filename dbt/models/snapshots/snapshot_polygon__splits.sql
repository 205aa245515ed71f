{{
    config(
        unique_key=history_columns('splits').key,
        post_hook="{{ mark_absorbed('splits') }}"
    )
}}

{{ history('splits') }}
