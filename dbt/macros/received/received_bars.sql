{#
    Bars as responses held them, typed, with the reason where a bar can't be used.
    Grouped: ticker from the bar, session from the request's path. Range: ticker from the response, session from t.
#}
{% macro received_stock_bars(pending_only=false) %}
{{ _received_bars('stock_bars', 'ticker', 'volume_shares', pending_only) }}
{% endmacro %}

{% macro received_option_bars(pending_only=false) %}
{{ _received_bars('option_bars', 'contract_ticker', 'volume_contracts', pending_only) }}
{% endmacro %}

{% macro _received_bars(dataset, ticker, volume, pending_only) -%}
{{ dataset }}_results as (
    select
        {{ result_columns() }},
        lines.request:path::varchar as request_path,
        request_path like '/v2/aggs/grouped/%' as is_grouped,
        iff(is_grouped, null, replace(split_part(request_path, '/', 5), '%3A', ':')) as requested_ticker,
        try_to_date(split_part(request_path, '/', iff(is_grouped, -1, -2)), 'YYYY-MM-DD') as requested_from,
        try_to_date(split_part(request_path, '/', -1), 'YYYY-MM-DD') as requested_until,
        coalesce({{ result_text('T') }}, requested_ticker) as {{ ticker }},
        iff(is_grouped, requested_until, {{ result_session('t') }}) as session_date,
        {{ result_number('o') }} as open_usd,
        {{ result_number('h') }} as high_usd,
        {{ result_number('l') }} as low_usd,
        {{ result_number('c') }} as close_usd,
        {{ result_number('v') }} as {{ volume }},
        {{ result_number('vw') }} as vwap_usd,
        try_to_number(results.value:n::varchar) as transactions
    {{ raw_results(dataset, pending_only) }}
),

{{ dataset }}_received as (
    select
        *,
        case
            when {{ ticker }} is null then 'no ticker'
            when {{ ticker }} <> requested_ticker then 'a ticker that was not asked for'
            {%- if dataset == 'option_bars' %}
            when not coalesce({{ is_option_symbol(ticker) }}, false) then 'no option symbol'
            {%- endif %}
            when session_date is null then 'no session'
            when
                session_date < requested_from
                or session_date > requested_until
                then 'a session that was not asked for'
            when close_usd is null then 'no price'
            when
                close_usd <= 0
                or coalesce(open_usd, close_usd) <= 0
                or coalesce(high_usd, close_usd) <= 0
                or coalesce(low_usd, close_usd) <= 0
                then 'a price that is not positive'
            when
                greatest(
                    close_usd,
                    coalesce(open_usd, close_usd),
                    coalesce(high_usd, close_usd),
                    coalesce(low_usd, close_usd)
                ) >= 1e12
                then 'a price of 1e12 or more'
        end as rejection_reason
    from {{ dataset }}_results
)
{%- endmacro %}
