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
        surfaces = [None if chain is None else _written(chain) for chain in map(_read, frame["CHAIN"])]
        return pandas.DataFrame({"surface": pandas.Series(surfaces, dtype=object)})


def _read(text: object) -> list[object] | None:
    """The chain; None for what is none, which has no surface and stops nobody else's."""
    try:
        chain = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return chain if isinstance(chain, list) else None


def _written(chain: list[object]) -> str:
    return json.dumps(chain_surface(chain), allow_nan=False)


# {% endraw %}
