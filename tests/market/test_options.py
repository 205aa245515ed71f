"""Option prices against QuantLib, and which contracts there are when."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import QuantLib as ql

from local.market import surface
from local.market.contracts import Contract
from local.market.market import Market
from local.market.payouts import months_later
from local.market.yields import TERMS, curves, has_yields
from tests.market.conftest import api_of
from tests.pricing import quantlib
from tests.pricing.quantlib import Case

pytestmark = pytest.mark.slow

ANCHOR = date(2026, 11, 20)
CONTRACTS = "/v3/reference/options/contracts"
# META's bars are FB's, renamed 60 sessions before the anchor.
SERIES = {"META": "FB"}
UNDERLYINGS = ("AAPL", "GOOG", "IBM", "META", "MSFT")
HALF_DAYS = ("2026-11-27", "2026-12-24")


def expected(api: Any, underlying: str, day: date, expiration: date) -> list[tuple[int, float]]:
    """Days to the ex-date and USD: the last dividend that was declared by the day, and the same again each quarter."""
    rows = api.all("/stocks/v1/dividends", ticker=underlying, sort="ex_dividend_date.asc", limit=5000)
    known = [row for row in rows if row["declaration_date"] <= str(day)][-1:]
    found = []
    for row in known:
        assert row["frequency"] == 4
        last = date.fromisoformat(row["ex_dividend_date"])
        later = [months_later(last, 3 * number) for number in range(8)]
        found += [((one - day).days, row["cash_amount"]) for one in later if day < one <= expiration]
    return found


def rate(day: date, days: int) -> float:
    """Continuous, on the line between the terms of the newest yields of a day (which are served on the next one)."""
    while not has_yields(day):
        day -= timedelta(days=1)
    (newest,) = curves([day])
    curve = ql.LinearInterpolation(
        [months * 365 / 12 for months in TERMS.values()],
        [2 * math.log(1 + newest[term] / 200) for term in TERMS],
    )
    return float(curve(max(days, 365 / 12)))


def case(api: Any, underlying: str, spot: float, strike: float, day: date, expiration: date, kind: str) -> Case:
    """The contract in units of its strike, at the rate of the day's yields and the surface's volatility."""
    days = (expiration - day).days
    ahead = expected(api, underlying, day, expiration)
    return Case(
        1.0 if kind == "call" else -1.0,
        spot / strike,
        float(surface.sigma(SERIES.get(underlying, underlying), strike / spot, days / 365)),
        rate(day, days),
        0.0,
        days,
        tuple(one for one, _ in ahead),
        tuple(cash / strike for _, cash in ahead),
    )


@pytest.mark.parametrize("underlying", UNDERLYINGS)
def test_rows_of_the_chain_have_the_price_volatility_and_greeks_of_quantlib(api: Any, underlying: str) -> None:
    spot = api.bars(underlying, str(ANCHOR), str(ANCHOR))[0]["c"]
    rows = api.all(f"/v3/snapshot/options/{underlying}", limit=250)
    assert len(rows) > 250
    # Half days end before QuantLib's do.
    rows = [row for row in rows if row["details"]["expiration_date"] not in HALF_DAYS]
    for row in rows[::53]:
        details = row["details"]
        expiration, strike, kind = (details[k] for k in ("expiration_date", "strike_price", "contract_type"))
        one = case(api, underlying, spot, strike, ANCHOR, date.fromisoformat(expiration), kind)
        truth = quantlib.option(one)
        engine = (
            ql.FdBlackScholesVanillaEngine(quantlib.process(one), dividends_of(one), 800, 800, 0)
            if one.ex_days
            else ql.QdFpAmericanEngine(quantlib.process(one), ql.QdFpLegendreScheme(40, 20, 24, 80))
        )
        truth.setPricingEngine(engine)
        value = truth.NPV() * strike
        # The grid's own error with dividends; without, the rounding to 4 decimals.
        error = 1e-4 * strike if one.ex_days else 6e-5
        assert row["underlying_asset"]["price"] == spot
        assert row["break_even_price"] == pytest.approx(strike + value * (1 if kind == "call" else -1), abs=error)
        assert row["last_quote"]["bid"] <= value + error
        assert row["last_quote"]["ask"] >= value - error
        if row["day"] and session_of(row) == ANCHOR:
            assert row["day"]["close"] == pytest.approx(value, abs=error)
        if "greeks" not in row:
            assert value < 0.01 + error
            assert "implied_volatility" not in row
            continue
        assert row["implied_volatility"] == pytest.approx(one.sigma)
        if one.ex_days:
            assert row["greeks"]["delta"] == pytest.approx(truth.delta(), abs=5e-3)


def session_of(row: dict[str, Any]) -> date:
    """The New York date of a day bar."""
    return datetime.fromtimestamp(row["day"]["last_updated"] / 1e9, ZoneInfo("America/New_York")).date()


def test_day_of_a_chain_is_the_bar_of_the_last_session_on_which_the_contract_traded(api: Any) -> None:
    rows = api.all("/v3/snapshot/options/GOOG", limit=250)
    traded = [row for row in rows if row["day"] and session_of(row) == ANCHOR]
    older = [row for row in rows if row["day"] and session_of(row) < ANCHOR]
    assert len(traded) > 150
    assert len(older) > 50
    for row in (*traded[::40], *older[::10]):
        last = api.bars(row["details"]["ticker"], str(ANCHOR - timedelta(days=90)), str(ANCHOR))[-1]
        names = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume", "vw": "vwap"}
        assert {name: last[name] for name in names} == {name: row["day"][long] for name, long in names.items()}
        assert row["day"]["last_updated"] == last["t"] * 1_000_000
    for row in (row for row in rows if not row["day"]):
        assert "last_trade" not in row


def dividends_of(one: Case) -> Any:
    """As QuantLib has them."""
    return ql.DividendVector([quantlib.TODAY + days for days in one.ex_days], list(one.amounts))


def test_a_bar_closes_at_the_price_of_its_session(api: Any, market: Market) -> None:
    contract = "O:MSFT261218C00028000"
    spots = {bar["t"]: bar for bar in api.bars("MSFT", "2026-06-01", str(ANCHOR))}
    bars = api.bars(contract, "2026-06-01", str(ANCHOR))
    assert len(bars) > 60
    for bar in bars[::25]:
        day = date.fromtimestamp(bar["t"] / 1000 + 12 * 3600)
        one = case(api, "MSFT", spots[bar["t"]]["c"], 28.0, day, date(2026, 12, 18), "call")
        truth = 28.0 * (quantlib.with_cash(one) if one.ex_days else quantlib.with_yield(one))
        assert bar["c"] == pytest.approx(truth, abs=2e-3)
    for bar in bars:
        assert bar["l"] <= min(bar["o"], bar["c"], bar["vw"])
        assert max(bar["o"], bar["c"], bar["vw"]) <= bar["h"]
        assert bar["o"] >= max(spots[bar["t"]]["o"] - 28.0, 0.0) - 1e-4
        assert 1 <= bar["n"] <= bar["v"]


def test_an_expiring_contract_ends_at_what_exercising_pays(api: Any) -> None:
    spot = api.bars("AAPL", str(ANCHOR), str(ANCHOR))[0]["c"]
    bars = api.bars("O:AAPL261120P00450000", str(ANCHOR), str(ANCHOR))
    assert [bar["c"] for bar in bars] == [pytest.approx(450 - spot, abs=1e-9)]
    assert not any(
        row["details"]["expiration_date"] == str(ANCHOR)
        for row in api.all("/v3/snapshot/options/AAPL", limit=250, expiration_date=str(ANCHOR))
    )


def test_far_strikes_skip_days_and_near_ones_do_not(market: Market) -> None:
    anchor = market.universe.anchor
    alive = [c for c in market.contracts.alive("IBM", anchor) if c.expiration == date(2026, 12, 18) and c.is_call]

    def traded(contract: Contract) -> int:
        return len(market.chain.bars(contract, anchor - 19, anchor))

    assert traded(min(alive, key=lambda c: abs(c.strike - 203))) == 20
    assert traded(max(alive, key=lambda c: c.strike)) < 20


def test_every_session_has_strikes_on_both_sides(market: Market) -> None:
    anchor = market.universe.anchor
    for underlying in UNDERLYINGS:
        series = SERIES.get(underlying, underlying)
        for position in range(anchor - (60 if series == "FB" else 504), anchor + 1, 9):
            close = market.universe.replays[series].bars(position, position).close[0]
            alive = market.contracts.alive(underlying, position)
            assert 250 < len(alive) < 600
            for expiration in {c.expiration for c in alive}:
                strikes = [c.strike for c in alive if c.expiration == expiration]
                assert min(strikes) < close < max(strikes)


def test_two_months_need_fewer_than_900_contracts(api: Any) -> None:
    for underlying in UNDERLYINGS:
        tickers = {
            row["ticker"]
            for days in range(0, 62, 5)
            for row in api.all(CONTRACTS, underlying_ticker=underlying, as_of=str(ANCHOR - timedelta(days)), limit=1000)
        }
        assert 300 < len(tickers) < 900


def test_as_of_knows_what_was_listed_and_not_yet_expired(api: Any) -> None:
    day = "2026-10-16"
    live = api.all(CONTRACTS, underlying_ticker="AAPL", as_of=day, limit=1000)
    gone = api.all(
        CONTRACTS,
        underlying_ticker="AAPL",
        as_of=day,
        expired="true",
        limit=1000,
        **{"expiration_date.gte": "2026-08-01"},
    )
    assert {row["expiration_date"] >= day for row in live} == {True}
    assert {row["expiration_date"] < day for row in gone} == {True}
    assert day in {row["expiration_date"] for row in live}
    today = {row["ticker"] for row in api.all(CONTRACTS, underlying_ticker="AAPL", limit=1000)}
    lived_on = {row["ticker"] for row in live if row["expiration_date"] >= str(ANCHOR)}
    assert lived_on < today


def test_a_contract_is_listed_late_when_the_price_comes_its_way(market: Market) -> None:
    alive = market.contracts.alive("AAPL", market.universe.anchor)
    january = [c for c in alive if c.expiration == date(2027, 1, 15)]
    assert len({c.listed for c in january}) > 3
    for contract in january:
        assert len(market.chain.bars(contract, 0, contract.listed - 1)) == 0


def test_filters_narrow_the_contracts(api: Any) -> None:
    rows = api.all(
        CONTRACTS,
        underlying_ticker="GOOG",
        contract_type="put",
        limit=1000,
        **{"strike_price.gte": 800, "strike_price.lt": 850, "expiration_date.lte": "2026-12-18"},
    )
    assert rows
    for row in rows:
        assert (row["contract_type"], row["underlying_ticker"]) == ("put", "GOOG")
        assert 800 <= row["strike_price"] < 850
        assert row["expiration_date"] <= "2026-12-18"


def test_every_split_of_an_underlying_makes_whole_shares_of_one(market: Market) -> None:
    """The contracts know no others."""
    for replay in market.universe.replays.values():
        for split in replay.splits(market.universe.anchor + 3000):
            assert (split.split_from, split.split_to % split.split_from) == (1, 0)


def split_of_aapl(market: Market) -> int:
    """The session of AAPL's first split 2:1 after the anchor."""
    return next(
        split.position
        for split in market.universe.replays["AAPL"].splits(market.universe.anchor + 200)
        if split.position > market.universe.anchor
    )


def test_a_contract_lives_on_through_a_split_with_half_the_strike_beside_strikes_of_a_new_grid(market: Market) -> None:
    split = split_of_aapl(market)
    day = market.sessions.day(split - 1)
    before = {
        (one.expiration, one.kind, one.strike)
        for one in market.contracts.alive("AAPL", split - 1)
        if one.expiration > day
    }
    alive = market.contracts.alive("AAPL", split)
    after = {(one.expiration, one.kind, one.strike): one for one in alive}
    assert {(expiration, kind, round(strike / 2, 2)) for expiration, kind, strike in before} < set(after)
    assert {one.listed for one in alive} == {split}
    assert len({one.ticker for one in alive}) == len(alive)
    assert at_the_money(market, split - 1).ticker not in {one.ticker for one in alive}


def at_the_money(market: Market, position: int) -> Contract:
    close = market.universe.replays["AAPL"].bars(position, position).close[0]
    day = market.sessions.day(position)
    calls = [one for one in market.contracts.alive("AAPL", position) if one.is_call and one.expiration > day]
    return min(calls, key=lambda one: abs(one.strike - close))


def test_contract_that_a_split_ended_is_listed_as_of_a_day_before_it_only(market: Market) -> None:
    split = split_of_aapl(market)
    late = api_of(now=at_night(market.sessions.day(split + 150)))
    ended = at_the_money(market, split - 1).ticker
    assert ended in {row["ticker"] for row in listed(late, "AAPL", market.sessions.day(split - 1))}
    for days in (0, 150):
        day = market.sessions.day(split + days)
        assert ended not in {row["ticker"] for row in listed(late, "AAPL", day)}
        assert ended not in {row["ticker"] for row in listed(late, "AAPL", day, expired="true")}


def test_a_contract_on_fb_lives_on_under_the_ticker_meta_at_the_same_price(api: Any, market: Market) -> None:
    renamed = market.universe.anchor - 60
    before, after = (market.sessions.day(position) for position in (renamed - 1, renamed))
    names = {row["ticker"] for row in listed(api, "FB", before) if row["expiration_date"] > str(before)}
    assert len(names) > 100
    assert {name.replace("O:FB", "O:META") for name in names} < {row["ticker"] for row in listed(api, "META", after)}
    assert listed(api, "META", before) == listed(api, "FB", after) == []
    assert {row["underlying_ticker"] for row in listed(api, "FB", before)} == {"FB"}
    name = "O:META261218C00028000"
    assert {str(day_of(bar)) for bar in api.bars(name, str(before), str(ANCHOR))} >= {str(after)}
    assert [day_of(bar) for bar in api.bars(name.replace("META", "FB"), "2026-01-02", str(ANCHOR))][-1] == before


def listed(api: Any, underlying: str, day: date, **more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.all(CONTRACTS, underlying_ticker=underlying, as_of=str(day), limit=1000, **more)
    return found


def day_of(bar: dict[str, Any]) -> date:
    return datetime.fromtimestamp(bar["t"] / 1000, ZoneInfo("America/New_York")).date()


def at_night(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, tzinfo=UTC)


def test_an_expiration_without_a_session_moves_to_the_day_before(api: Any) -> None:
    """2025-04-18 was Good Friday."""
    rows = api.all(CONTRACTS, underlying_ticker="IBM", as_of="2025-04-10", limit=1000)
    expirations = {row["expiration_date"] for row in rows}
    assert "2025-04-17" in expirations
    assert "2025-04-18" not in expirations


def test_one_contract_is_found_by_its_symbol(api: Any) -> None:
    symbol = "O:AAPL261218C00425000"
    row = api.get(f"{CONTRACTS}/{symbol}")["results"]
    assert (row["ticker"], row["strike_price"], row["expiration_date"]) == (symbol, 425, "2026-12-18")
    assert api.get(f"/v3/snapshot/options/AAPL/{symbol}")["results"]["details"]["ticker"] == symbol
    for wrong in ("O:AAPL261218C00425001", "O:XYZ261218C00430000", "AAPL", "O:AAPL261299C00430000", "O:"):
        assert api.answer(f"{CONTRACTS}/{wrong}").status_code == 404
        assert api.bars(wrong, "2026-11-01", "2026-11-20") == [] or wrong == "AAPL"
