-- Which securities were listed on a day, with those that were delisted or renamed since: as it is known now, or, with a
-- moment (UTC) in place of '', as it was known then. Today's list instead of this one flatters every back-test.
set day = '2026-11-12';
set known_at = '';

select
    security_id,
    ticker,
    security_name,
    security_type,
    first_session_date,
    last_session_date,
    is_uncertain,
    uncertain_reason
from marts.dim_polygon__securities
where
    first_session_date <= $day::date
    and last_session_date >= $day::date
    and iff(
        $known_at = '',
        known_until is null,
        coalesce(known_from <= try_to_timestamp_ntz($known_at), true)
        and coalesce(known_until > try_to_timestamp_ntz($known_at), true)
    )
order by ticker, first_session_date
