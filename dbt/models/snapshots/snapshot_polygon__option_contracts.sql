{{
    config(
        unique_key=history_columns('option_contracts').key,
        post_hook="{{ mark_absorbed('option_contracts') }}"
    )
}}

{{ history('option_contracts') }}
