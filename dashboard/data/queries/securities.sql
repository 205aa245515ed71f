-- Which security had which ticker, from when until when, and since when and until when that was known.
select
    security_id,
    ticker,
    valid_from,
    valid_until,
    security_name,
    first_session_date,
    last_session_date,
    is_uncertain,
    uncertain_reason,
    known_from,
    known_until
from marts.dim_polygon__securities
order by security_id, valid_from, ticker
