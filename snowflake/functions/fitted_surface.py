# {% raw %}
"""The handler of intermediate.fitted_surface: a vectorised table function, one surface for each chain it gets."""

import json

import pandas
from _snowflake import vectorized

# isort: split
# {% endraw %}{% if false %}
from pricing.chain import chain_surface

# {% endif %}{% raw %}


class FittedSurface:
    """Called with batches of rows, in any order."""

    @vectorized(input=pandas.DataFrame)
    def process(self, frame):  # type: ignore[no-untyped-def]
        """A DataFrame with the column that the function returns."""
        surfaces = [
            json.dumps(chain_surface(json.loads(text)), allow_nan=False) if isinstance(text, str) else None
            for text in frame["CHAIN"]
        ]
        return pandas.DataFrame({"surface": pandas.Series(surfaces, dtype=object)})


# {% endraw %}
