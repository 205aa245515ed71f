"""bench/RESULTS.md says what the benchmarks' files say."""

from __future__ import annotations

import json

from bench.record import RESULTS
from bench.report import PAGE, page


def test_the_page_is_made_of_the_results() -> None:
    results = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}
    assert len(results) > 3
    assert PAGE.read_text() == page(results)
