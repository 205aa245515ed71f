# {% raw %}
"""The handler of intermediate.option_numbers: a vectorised table function, one row of numbers for each row it gets."""

import json

import numpy as np
import pandas
from _snowflake import vectorized

# isort: split
# {% endraw %}{% if false %}
from pricing.options import NUMBERS, option_numbers

# {% endif %}{% raw %}

FLOATS = ("SPOT_USD", "STRIKE_USD", "YEARS_TO_EXPIRATION", "RATE", "DIVIDEND_YIELD", "PRICE_USD")


class OptionNumbers:
    """Called with batches of rows, in any order."""

    @vectorized(input=pandas.DataFrame)
    def process(self, frame):  # type: ignore[no-untyped-def]
        """A DataFrame with the columns that the function returns."""
        numbers = {name: pandas.to_numeric(frame[name]).to_numpy(dtype=float, na_value=np.nan) for name in FLOATS}
        schedules = [json.loads(text) if isinstance(text, str) and text else [] for text in frame["DIVIDENDS"]]
        found = option_numbers(
            [_text(one) for one in frame["EXERCISE_STYLE"]],
            [_text(one) for one in frame["CONTRACT_TYPE"]],
            numbers["SPOT_USD"],
            numbers["STRIKE_USD"],
            numbers["YEARS_TO_EXPIRATION"],
            numbers["RATE"],
            numbers["DIVIDEND_YIELD"],
            [[pair[0] for pair in schedule] for schedule in schedules],
            [[pair[1] for pair in schedule] for schedule in schedules],
            numbers["PRICE_USD"],
        )
        columns = {name: pandas.Series(found[name]).astype(object) for name in NUMBERS}
        # NULL and not NaN where there is no number.
        columns = {name: column.where(column.notna(), None) for name, column in columns.items()}
        return pandas.DataFrame({**columns, "reason": pandas.Series(found["reason"], dtype=object)})


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


# {% endraw %}
