"""docs/scale.md says what the benchmarks' files and the assumptions give."""

from __future__ import annotations

from scripts import scale


def test_the_pages_tables_are_the_scripts() -> None:
    page = scale.PAGE.read_text()
    begin = page.index(scale.BEGIN) + len(scale.BEGIN)

    assert page[begin : page.index(scale.END)] == scale.tables()


def test_the_options_requests_are_told_by_rate() -> None:
    rows = [line.split(" | ") for line in scale.tables().splitlines() if "what is built" in line]

    # 265,000 requests at 100 a second are 2,650 s.
    assert rows == [["| a request per contract: what is built", "265,000", "37 days", "44 min |"]]
