{{
    config(
        unique_key=history_columns('stock_bars').key,
        post_hook="{{ mark_absorbed('stock_bars') }}"
    )
}}

{{ history('stock_bars') }}
