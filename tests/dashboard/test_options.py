"""The options page: what each address leads to, on the local warehouse's seeded chains."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from dashboard.data.door import Door
from dashboard.data.warehouse import Warehouse
from dashboard.pages.options import figure, fitted, page, summary
from dashboard.pages.options.find import default_expiration
from dashboard.pages.parts import Content
from tests.dashboard import seed, seed_options

pytestmark = pytest.mark.usefixtures("morning_after")


def test_the_newest_session_and_the_expiration_nearest_to_30_days_are_shown(seeded: Warehouse) -> None:
    chain = page.find_chain(Door(seeded), "AAPL", "", "")
    assert isinstance(chain, page.Chain)
    assert (chain.session, chain.expiration, chain.days) == (seed.LAST_SESSION, date(2026, 12, 18), 28)
    assert len(chain.expiring) == 34


@pytest.mark.parametrize(
    ("days", "expected"),
    [([2, 7, 28, 60], 28), ([2, 28, 32], 28), ([0, 2], 2), ([0], 0), ([90, 200], 90)],
    ids=["nearest", "earlier of two", "not what is over", "all over", "all far"],
)
def test_the_default_expiration_is_nearest_to_30_days(days: list[int], expected: int) -> None:
    session = date(2026, 11, 20)
    found = default_expiration([session + timedelta(days=each) for each in days], session)
    assert (found - session).days == expected


@pytest.mark.parametrize("panel", list(page.DRAWN))
def test_every_figure_is_plotlys_and_ready(seeded: Warehouse, panel: str) -> None:
    content = page.read_graph(Door(seeded), "AAPL", "", "", draw=page.DRAWN[panel])
    assert content.state == "ready"
    assert content.figure is not None
    assert content.figure["data"]


@pytest.mark.parametrize("draw", [figure.smile, figure.by_strike])
def test_without_a_bar_of_the_underlying_there_is_no_line_for_it(seeded: Warehouse, draw: Any) -> None:
    chain = page.find_chain(Door(seeded), "AAPL", "", "")
    assert isinstance(chain, page.Chain)
    barless = replace(chain, rows=chain.rows.assign(underlying_close_usd=None))

    assert barless.spot is None
    assert draw(barless.expiring, barless.spot)["layout"]["shapes"] == []
    assert draw(chain.expiring, chain.spot)["layout"]["shapes"] != []


def test_the_smile_is_the_surface_that_priced_the_seeds(seeded: Warehouse) -> None:
    figure: Any = page.read_graph(Door(seeded), "AAPL", "", "2026-12-18", draw=page.DRAWN["options-smile"]).figure
    calls = figure["data"][0]
    spot = float(seed.bars("AAPL")["close_usd"].iloc[-1])
    days = (date(2026, 12, 18) - seed.LAST_SESSION).days
    for strike, volatility in zip(calls["x"], calls["y"], strict=True):
        assert volatility == pytest.approx(100 * seed_options.smile(strike, spot, days), abs=1e-3)


@pytest.mark.parametrize("hostile", ["'; drop table marts.x; --", "<script>", "A" * 10_000, "\x00", "NOSUCH"])
def test_a_hostile_address_is_a_clean_empty_state(seeded: Warehouse, hostile: str) -> None:
    content = page.find_chain(Door(seeded), hostile, hostile, hostile)
    assert isinstance(content, Content)
    assert content.state == "empty"


def test_a_hostile_session_or_expiration_is_the_newest_and_the_next(seeded: Warehouse) -> None:
    chain = page.find_chain(Door(seeded), "MSFT", "9999-99-99", ["x"])
    assert isinstance(chain, page.Chain)
    assert chain.session == seed.LAST_SESSION


def test_a_sunday_or_an_expiration_that_is_not_there_is_named_above_the_chain(seeded: Warehouse) -> None:
    shown = page.read_chain(Door(seeded), "AAPL", "2026-11-22", "2026-12-19")
    said = str(shown.notice)
    assert "AAPL has no chain of Sun 22 Nov 2026; shown is the nearest session, Fri 20 Nov 2026." in said
    assert "expires on Sat 19 Dec 2026; shown is the nearest expiration, Fri 18 Dec 2026." in said
    assert page.read_chain(Door(seeded), "AAPL", "2026-11-20", "2026-12-18").notice is None


def test_smile_and_surface_are_of_contracts_out_of_the_money(seeded: Warehouse) -> None:
    chain = page.find_chain(Door(seeded), "AAPL", "", "2026-12-18")
    assert isinstance(chain, page.Chain)
    assert chain.spot is not None
    wrong = chain.rows.copy()
    is_inside = (wrong["contract_type"] == "call") == (wrong["strike_usd"].astype(float) < chain.spot)
    wrong.loc[is_inside, ["implied_volatility_pct", "vendor_implied_volatility_pct"]] = 119.0
    expiring = wrong[wrong["expiration_date"] == chain.expiration]
    lines = [trace for trace in figure.smile(expiring, chain.spot)["data"] if trace["type"] == "scatter"]
    assert {len(trace["x"]) for trace in lines} != {0}
    assert 119.0 not in [value for trace in lines for value in trace["y"]]
    assert 119.0 not in [cell for row in figure.surface(wrong)["data"][0]["z"] for cell in row]


@pytest.mark.parametrize(("value", "says"), [(None, "Open interest: none recorded"), (0, "Open interest: none")])
def test_an_axis_without_open_interest_has_no_numbers(seeded: Warehouse, value: Any, says: str) -> None:
    chain = page.find_chain(Door(seeded), "AAPL", "", "")
    assert isinstance(chain, page.Chain)
    rows = chain.expiring.assign(open_interest_contracts=value)
    axis = figure.by_strike(rows, chain.spot)["layout"]["yaxis"]
    assert (axis["title"]["text"], axis["range"], axis["showticklabels"]) == (says, [0, 1], False)
    known = figure.by_strike(chain.expiring, chain.spot)["layout"]["yaxis"]
    assert (known["title"]["text"], known["rangemode"]) == ("Open interest", "tozero")


def test_a_calm_term_structure_does_not_fill_its_axis(seeded: Warehouse) -> None:
    chain = page.find_chain(Door(seeded), "AAPL", "", "")
    assert isinstance(chain, page.Chain)
    calm = chain.rows.assign(implied_volatility_pct=18.65 + 0.001 * chain.rows["days_to_expiration"].astype(float))
    low, high = figure.term_structure(calm)["layout"]["yaxis"]["range"]
    assert high - low >= 1
    assert low < 18.65 < 18.8 < high


@pytest.mark.parametrize(
    ("values", "limits"),
    [([18.65, 18.8], (18.125, 19.325)), ([20.0, 21.0], None), ([20.0], (19.4, 20.6)), ([], None), ([None], None)],
)
def test_an_axis_of_volatilities_shows_a_point_at_least(values: list[Any], limits: Any) -> None:
    assert figure.at_least(values) == (None if limits is None else pytest.approx(list(limits)))


@pytest.mark.parametrize("draw", [figure.smile, figure.by_strike])
def test_the_spots_name_is_above_all_plots(seeded: Warehouse, draw: Any) -> None:
    chain = page.find_chain(Door(seeded), "AAPL", "", "")
    assert isinstance(chain, page.Chain)
    layout = draw(chain.expiring, chain.spot)["layout"]
    ends = [axis["domain"][1] for name, axis in layout.items() if name.startswith("yaxis")]
    assert layout["annotations"][0]["y"] >= max(ends)


def test_every_strike_is_in_the_chain_and_counted(seeded: Warehouse) -> None:
    shown = page.read_chain(Door(seeded), "AAPL", "", "")
    text = str(shown.body)
    assert "17 strikes from " in text
    assert "title='Contracts open before the session began'" in text


def test_the_line_says_what_the_seeds_were_priced_with(seeded: Warehouse) -> None:
    chain = page.find_chain(Door(seeded), "AAPL", "", "")
    assert isinstance(chain, page.Chain)
    assert chain.spot is not None
    said = {each.name: each for each in page.read_figures(Door(seeded), chain)}
    strike = float(chain.expiring.loc[chain.expiring["is_at_the_money"], "strike_usd"].iloc[0])
    near, far = (100 * seed_options.smile(strike, chain.spot, days) for days in (28, 56))
    between = ((28 * near**2 * 26 + 56 * far**2 * 2) / 28 / 30) ** 0.5
    assert said["IV, 30 days"].value == f"{between:.1f} %"
    assert said["Expected move"].value == f"±${chain.spot * near / 100 * (28 / 365) ** 0.5:.2f}"
    assert said["IV rank"].note == "of 3 sessions"
    # The strike of each wing by bisection on the surface itself; the page interpolates between strikes 2 % apart.
    wings = {kind: wing(kind, chain.spot) for kind in ("call", "put")}
    shown = float(said["Risk reversal"].value.replace("\N{MINUS SIGN}", "-"))
    assert shown == pytest.approx(wings["call"] - wings["put"], abs=0.15)
    assert all(each.said for each in said.values())


def wing(kind: str, spot: float) -> float:
    low, high = (spot, spot * 1.3) if kind == "call" else (spot, spot * 0.7)
    for _ in range(60):
        strike = (low + high) / 2
        sigma = seed_options.smile(strike, spot, 28)
        delta = abs(seed_options.black_scholes(kind, spot, strike, 28 / 365, sigma)["delta"])
        low, high = (strike, high) if delta > 0.25 else (low, strike)
    return 100 * seed_options.smile(low, spot, 28)


@pytest.mark.parametrize("panel", list(page.TABLES))
def test_every_table_is_ready_and_without_a_chain_only_the_chains_panel_says_so(seeded: Warehouse, panel: str) -> None:
    assert page.read_table(Door(seeded), "AAPL", "", "", make=page.TABLES[panel]).state == "ready"
    assert page.read_table(Door(seeded), "NOSUCH", "", "", make=page.TABLES[panel]).state == "absent"


def test_a_session_without_open_interest_says_so_and_has_no_max_pain(seeded: Warehouse) -> None:
    chain = page.find_chain(Door(seeded), "AAPL", "", "")
    assert isinstance(chain, page.Chain)
    old = replace(chain, rows=chain.rows.assign(open_interest_contracts=None), is_newest=False)
    assert "No open interest is recorded" in str(summary.unusual_table(old))
    said = {each.name: each.value for each in page.read_figures(Door(seeded), old)}
    assert said["Max pain"] == "–"
    assert "&session=2026-11-20" in str(summary.expirations_table(old))


def test_a_panel_without_a_point_says_so(seeded: Warehouse) -> None:
    empty: Any = {"data": [{"x": [], "y": []}], "layout": {}}
    assert page.read_graph(Door(seeded), "AAPL", "", "", draw=lambda _door, _chain: empty).state == "empty"


def test_histories_end_with_the_session_that_is_shown(seeded: Warehouse) -> None:
    for panel in ("options-ratio", "options-volatility", "options-skew"):
        drawn: Any = page.read_graph(Door(seeded), "AAPL", "2026-11-19", "", draw=page.DRAWN[panel]).figure
        assert [trace["x"][-1] for trace in drawn["data"]] == ["2026-11-19"] * len(drawn["data"])


def shown(seeded: Warehouse, ticker: str, expiration: str) -> tuple[Any, Any]:
    """The chain and its slices."""
    door = Door(seeded)
    chain = page.find_chain(door, ticker, "", expiration)
    assert isinstance(chain, page.Chain)
    return chain, fitted.read_slices(door, chain)


def test_the_fitted_curve_is_the_slice_solid_between_its_points_and_dashed_beyond(seeded: Warehouse) -> None:
    chain, slices = shown(seeded, "AAPL", "2026-12-18")
    row = slices[slices["expiration_date"] == chain.expiration].iloc[0]
    drawn: Any = page.read_graph(Door(seeded), "AAPL", "", "2026-12-18", draw=page.DRAWN["options-smile"]).figure
    inside, beyond = drawn["data"][-2:]
    assert (inside["name"], beyond["name"]) == ("Fitted", "Fitted beyond the points")
    assert (inside["line"].get("dash"), beyond["line"]["dash"]) == (None, "dash")
    assert (inside["x"][0], inside["x"][-1]) == (row["least_strike_usd"], row["most_strike_usd"])
    assert set(chain.expiring["strike_usd"]) <= set(inside["x"]) | set(beyond["x"])
    for trace in (inside, beyond):
        for strike, percent in zip(trace["x"], trace["y"], strict=True):
            k = math.log(strike / row["forward_usd"])
            level = row["theta"] + row["rho"] * row["psi"] * k
            variance = (level + math.hypot(level, row["psi"] * math.sqrt(1 - row["rho"] ** 2) * k)) / 2
            expected = 100 * math.sqrt(variance / row["years_to_expiration"])
            assert percent is None or percent == pytest.approx(expected, abs=6e-4)
    outside = [x for x, y in zip(beyond["x"], beyond["y"], strict=True) if y is not None]
    assert not [x for x in outside if inside["x"][0] < x < inside["x"][-1]]
    assert min(outside) <= inside["x"][0] <= inside["x"][-1] <= max(outside)


def test_what_is_said_of_a_fit_are_its_residual_points_outliers_and_the_forward(seeded: Warehouse) -> None:
    chain, slices = shown(seeded, "AAPL", "2026-12-18")
    row = slices[slices["expiration_date"] == chain.expiration].iloc[0]
    said = str(fitted.sentence(slices, chain))
    assert f"Fitted to {row['points']} contracts, 0 outliers left out" in said
    assert f"root-mean-square residual {row['rms_residual_pct']:.2f} percentage points." in said
    assert "Forward implied by 5 pairs: +2.0 bp from ours." in said
    table = str(page.read_fitted(Door(seeded), "AAPL", "", "2026-12-18").body)
    assert "Root mean square of the points’ distances from the curve" in table
    assert f"data-value='{row['rms_residual_pct']:.10g}'" in table


def test_an_expiration_without_a_fit_says_why_and_has_no_curve(seeded: Warehouse) -> None:
    chain, slices = shown(seeded, "MSFT", "2026-11-27")
    assert fitted.chosen_curves(slices, chain) == []
    assert "No fitted curve: fewer than five usable volatilities. Forward" in str(fitted.sentence(slices, chain))
    content = page.read_fitted(Door(seeded), "MSFT", "", "2026-11-27")
    assert content.figure is not None
    assert [trace["name"] for trace in content.figure["data"][::2]] == ["18 Dec 2026", "15 Jan 2027", "19 Mar 2027"]
    assert "fewer than five usable volatilities" in str(content.body)
    unfitted = replace(chain, rows=chain.rows[chain.rows["expiration_date"] == chain.expiration])
    assert fitted.figure(slices.head(1), unfitted)["data"] == []


def test_two_slices_of_one_day_are_named_by_when_they_settle(seeded: Warehouse) -> None:
    chain, slices = shown(seeded, "AAPL", "2026-12-18")
    row = slices[slices["expiration_date"] == chain.expiration]
    both = pd.concat([row.assign(years_to_expiration=row["years_to_expiration"] - 0.001), row])
    names = [trace["name"] for trace in fitted.chosen_curves(both, chain)[::2]]
    assert names == ["Fitted (settles at the opening)", "Fitted (settles at the close)"]


def test_a_session_without_a_surface_says_so_and_its_smile_has_no_curve(seeded: Warehouse) -> None:
    assert page.read_fitted(Door(seeded), "AAPL", "2026-11-19", "").state == "empty"
    chain = page.find_chain(Door(seeded), "AAPL", "2026-11-19", "")
    assert isinstance(chain, page.Chain)
    assert page.SAID["options-smile"](Door(seeded), chain) is None
