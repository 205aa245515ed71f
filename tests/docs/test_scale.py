"""docs/scale.md says what the benchmarks' files and the assumptions give."""

from __future__ import annotations

from scripts import scale


def test_the_pages_tables_are_the_scripts() -> None:
    page = scale.PAGE.read_text()
    begin = page.index(scale.BEGIN) + len(scale.BEGIN)

    assert page[begin : page.index(scale.END)] == scale.tables()


def test_the_options_requests_are_told_by_rate() -> None:
    rows = [line.split(" | ")[1:] for line in scale.tables().splitlines() if "`rest`" in line or "`auto`" in line]

    assert rows == [
        # 265,000 contracts and three requests for each of 5,000 underlyings; at 100 a second 2,800 s.
        ["280,000", "39 days", "16 h", "47 min |"],
        # The same three, full pages of 265,000 / 250 and 265,000 / 1,000, and 132,500 calls / 1,000 and 26 letters.
        ["16,483", "55 h", "55 min", "3 min |"],
    ]
