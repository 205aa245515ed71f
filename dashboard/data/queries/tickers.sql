select
    ticker,
    security_id,
    renamed_to,
    renamed_date,
    ticker_name,
    market,
    primary_exchange,
    security_type,
    is_active,
    data_origin,
    first_session_date,
    last_session_date,
    session_count,
    last_close_usd
from marts.dim_polygon__tickers
order by ticker
