"""docs/scale.md says what the benchmarks' files and the assumptions give."""

from __future__ import annotations

from scripts import scale


def test_the_pages_tables_are_the_scripts() -> None:
    page = scale.PAGE.read_text()
    begin = page.index(scale.BEGIN) + len(scale.BEGIN)

    assert page[begin : page.index(scale.END)] == scale.tables()


def test_the_options_requests_are_told_by_rate() -> None:
    rows = [line.split(" | ") for line in scale.tables().splitlines() if "what is built" in line]

    # 265,000 contracts and three requests for each of 5,000 underlyings; at 100 a second 2,800 s.
    assert rows == [["| a request per contract: what is built", "280,000", "39 days", "16 h", "47 min |"]]
