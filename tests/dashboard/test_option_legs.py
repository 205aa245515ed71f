"""Combinations of legs: as the address writes them, and the presets on the strikes that are there."""

from __future__ import annotations

import pytest

from dashboard.pages.options.legs import MOST_LEGS, PRESETS, Leg, LegsError, parse, preset, write

STRIKES = [90.0, 95.0, 97.5, 100.0, 102.5, 105.0, 110.0, 115.0, 120.0]


def test_what_is_written_is_read_again() -> None:
    legs = (Leg(-1, "put", 97.5), Leg(2, "call", 105.0), Leg(100, "share"), Leg(1, "call", 0.5))
    assert write(legs) == "-1p97.5,2c105,100s,1c0.5"
    assert parse(write(legs)) == legs
    assert parse("") == parse(" , ") == ()
    assert parse("+1c230") == (Leg(1, "call", 230.0),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1x230", "A leg is “1x230”; expected one such as 1c230"),
        ("0c230", "quantity is 0; expected 1 to 10,000"),
        ("99999c230", "quantity is 99999"),
        ("1c230;drop", "A leg is “1c230;drop”"),
        ("1c1e9", "A leg is"),
        ("1c-5", "A leg is"),
        ("1cnan", "A leg is"),
        ("١c230", "A leg is"),
        (",".join(["1c1"] * (MOST_LEGS + 1)), "9 legs; expected at most 8"),
    ],
)
def test_what_is_not_a_combination_says_why(text: str, says: str) -> None:
    with pytest.raises(LegsError) as caught:
        parse(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("straddle", "1c100,1p100"),
        ("vertical", "1c100,-1c105"),
        ("covered", "100s,-1c105"),
        ("condor", ""),  # four strikes below the money are not there
        ("nonsense", ""),
    ],
)
def test_a_preset_is_made_of_strikes_that_are_there(name: str, text: str) -> None:
    assert write(preset(name, STRIKES, 100.9)) == text


def test_every_preset_fits_a_chain_of_nine_strikes() -> None:
    assert write(preset("condor", STRIKES, 102.6)) == "1p90,-1p97.5,-1c110,1c120"
    assert all(preset(name, STRIKES, 102.6) for name in PRESETS)
    assert preset("straddle", [], 100.0) == ()
