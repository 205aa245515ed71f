{{
    config(
        unique_key=history_columns('option_chain').key,
        post_hook="{{ mark_absorbed('option_chain') }}"
    )
}}

{{ history('option_chain') }}
