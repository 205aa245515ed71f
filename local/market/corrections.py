"""What the vendor has corrected since: fields of bars, rows that an answer lacks, splits that are told late.

`POST /_corrections` adds to a JSON list, `GET` shows it, `DELETE` empties it; `--corrections FILE` begins with one:

    {"session": "2026-11-19", "ticker": "SIM0001", "fields": {"c": 10.5, "n": null}}
        what the unadjusted bar says from now on, in the API's names; null takes a field away
    {"session": "2026-11-19", "left_out": ["SIM0002", "SIM0003"]}
        tickers that the answers about the session lack, as an incomplete answer of the vendor
    {"session": "2026-11-19", "ticker": "SIM0004", "split": [1, 3]}
        from the session on one share is three; synthetic tickers only
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.market.errors import ApiError, bad_request
from local.market.query import iso_day
from local.market.respond import answer

PRICES, VOLUME = ("o", "h", "l", "c", "vw"), "v"
_FIELDS = {*PRICES, VOLUME, "n"}
_DECIMALS = 6

Row = dict[str, Any]


class Corrections:
    """Corrections of bars by session and ticker; `told` is all that was posted, splits included."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all of it."""
        self.told: list[Row] = []
        self._fields: dict[tuple[date, str], Row] = defaultdict(dict)
        self._left_out: dict[date, set[str]] = defaultdict(set)

    def add(self, item: Row) -> None:
        """Take a correction that `read` has checked; one of a split is only kept in `told`."""
        day = date.fromisoformat(item["session"])
        if "fields" in item:
            self._fields[day, item["ticker"]].update(item["fields"])
        self._left_out[day].update(item.get("left_out", ()))
        self.told.append(item)

    def has(self, day: date) -> bool:
        """Whether anything of a session's bars is corrected."""
        return day in self._left_out or any(session == day for session, _ in self._fields)

    def apply(self, day: date, ticker: str, row: Row, factor: float = 1.0) -> Row | None:
        """A bar as it is now, its prices times `factor` (of later splits); None where it is left out."""
        if ticker in self._left_out.get(day, ()):
            return None
        fields = self._fields.get((day, ticker), {})
        scaled = {name: _scaled(name, value, factor) for name, value in fields.items()}
        return {name: value for name, value in (row | scaled).items() if value is not None}


def read(item: Any) -> Row:
    """A correction in one of the three forms above. Raises ApiError 400 for anything else."""
    try:
        day, rest = iso_day(item["session"]), {name: value for name, value in item.items() if name != "session"}
        kinds = {frozenset({"ticker", "fields"}), frozenset({"left_out"}), frozenset({"ticker", "split"})}
        if frozenset(rest) in kinds and _is_well_formed(rest):
            return {"session": day, **rest}
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise bad_request(
        'a correction is {"session": "2026-11-19"} with "ticker" and "fields", with "left_out", or with "ticker" and '
        '"split": [1, 3]'
    )


def _is_well_formed(rest: Row) -> bool:
    if "left_out" in rest:
        return isinstance(rest["left_out"], list) and all(isinstance(ticker, str) for ticker in rest["left_out"])
    if "fields" in rest:
        return bool(rest["fields"]) and rest["fields"].keys() <= _FIELDS
    split_from, split_to = rest["split"]
    return isinstance(split_from, int) and isinstance(split_to, int) and min(split_from, split_to) > 0


def _scaled(name: str, value: Any, factor: float) -> Any:
    if factor == 1.0 or value is None or name not in (*PRICES, VOLUME):
        return value
    return round(value * factor if name in PRICES else value / factor, _DECIMALS)


async def corrections(request: Request) -> Response:
    """The market's corrections, after what was asked for."""
    universe = request.app.state.market.universe
    if request.method == "POST":
        try:
            sent = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            raise bad_request("the body is not JSON") from None
        if not isinstance(sent, list):
            raise bad_request("send a list of corrections")
        for item in [read(each) for each in sent]:
            try:
                universe.correct(item)
            except ValueError as error:
                raise bad_request(str(error)) from None
    elif request.method == "DELETE":
        universe.forget_corrections()
    return answer({"status": "OK", "corrections": universe.corrections.told})


def read_file(text: bytes) -> list[Row]:
    """The corrections of a file. Raises ValueError for anything but a JSON list of them."""
    try:
        return [read(item) for item in orjson.loads(text)]
    except (orjson.JSONDecodeError, TypeError, ApiError) as error:
        raise ValueError(f"corrections: {error}") from None


ROUTES = [Route("/_corrections", corrections, methods=["GET", "POST", "DELETE"])]
