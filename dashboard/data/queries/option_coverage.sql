-- Whether what is summed up over the chain is all of it.
select
    volume_incomplete_reason,
    open_interest_incomplete_reason
from marts.fct_polygon__chain_coverage
where underlying_ticker = :underlying and session_date = :session
