select
    quoted.place,
    numbers.*
from intermediate.quoted as quoted,
    table(
        intermediate.option_numbers(
            quoted.style,
            quoted.kind,
            quoted.spot,
            quoted.strike,
            quoted.years,
            quoted.rate,
            quoted.paid,
            quoted.dividends,
            quoted.price
        )
    ) as numbers
order by quoted.place
