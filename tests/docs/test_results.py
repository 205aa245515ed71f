"""bench/RESULTS.md says what the benchmarks' files say."""

from __future__ import annotations

import json

from bench.record import RESULTS
from bench.report import PAGE, page, plots


def test_plots_are_drawn_from_the_results() -> None:
    results = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}

    for name, drawing in plots(results).items():
        assert (RESULTS / f"{name}.svg").read_text() == drawing, name


def test_the_page_is_made_of_the_results() -> None:
    results = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}
    assert len(results) > 3
    assert PAGE.read_text() == page(results)
