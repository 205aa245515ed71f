"""Good, damaged, contradicting, withdrawn and late answers in any order, against a replay and a full refresh.

SNOWTAPE_FACTS_ROUNDS: how many later builds, with 40 more answers each. SNOWTAPE_FACTS_SEED: other answers.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import prod
from typing import Any

import pytest

from tests.dbt.conftest import Dbt, Lake, differences
from tests.dbt.facts import Answer, Vendor, Version, late, replay
from tests.dbt.scenario import NOON

SEED = int(os.environ.get("SNOWTAPE_FACTS_SEED", "14"))
ROUNDS = int(os.environ.get("SNOWTAPE_FACTS_ROUNDS", "2"))
ANSWERS = 40
MART = "marts.fct_polygon__stock_bars_performance"
TABLES = (
    MART,
    "marts.fct_polygon__bar_versions",
    "snapshots.snapshot_polygon__stock_bars",
    "snapshots.snapshot_polygon__splits",
    "staging.stg_polygon__answers",
    "staging.stg_polygon__rows_rejected",
    "intermediate.int_polygon__split_factors",
    "intermediate.int_polygon__ticker_years",
    "intermediate.int_polygon__ticker_spans",
    "intermediate.int_polygon__stock_bars_enriched",
)
# Tables only, once the views are there.
AGAIN = (
    "stg_polygon__manifests_pending",
    "stg_polygon__answers",
    "stg_polygon__rows_rejected",
    "snapshot_polygon__stock_bars",
    "snapshot_polygon__splits",
    "int_polygon__ticker_years",
    "int_polygon__ticker_spans",
    "int_polygon__split_factors",
    "int_polygon__stock_bars_enriched",
    "fct_polygon__stock_bars_performance",
    "fct_polygon__bar_versions",
)
BARS = """
    select ticker || ' ' || to_char(session_date, 'YYYY-MM-DD'), dbt_valid_from, dbt_valid_to, open_usd, high_usd,
        low_usd, close_usd, volume_shares
    from snapshots.snapshot_polygon__stock_bars
"""
SPLITS = """
    select split_id, dbt_valid_from, dbt_valid_to, ticker, to_char(execution_date, 'YYYY-MM-DD'), split_from, split_to
    from snapshots.snapshot_polygon__splits
"""


@dataclass
class Step:
    """What had been loaded when a build ended, and what the tables held then."""

    loaded: list[Answer]
    versions: list[Version]
    tables: dict[str, list[tuple[Any, ...]]]


@dataclass
class Built:
    """Builds that went on, and one from nothing."""

    steps: list[Step]
    refreshed: dict[str, list[tuple[Any, ...]]]
    mart: list[tuple[Any, ...]]
    raw_lines: int


def recorded(lake: Lake) -> list[Version]:
    """The versions of the histories, as the replay gives them."""
    rows = lake.execute(BARS) + lake.execute(SPLITS)
    return sorted(((key, tuple(values), since, until) for key, since, until, *values in rows), key=repr)


def expected(loaded: Sequence[Answer]) -> list[Version]:
    """The replay's versions, with every number as a float."""
    return sorted(
        (
            (key, tuple(value if isinstance(value, str) else float(value) for value in values), since, until)
            for key, values, since, until in replay(loaded)
        ),
        key=repr,
    )


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> Built:
    def contents() -> dict[str, list[tuple[Any, ...]]]:
        return {table: lake.rows(table) for table in TABLES}

    vendor, chance = Vendor(SEED), random.Random(SEED)
    answers = late(vendor.answers(ANSWERS * (ROUNDS + 1)), chance)
    steps: list[Step] = []
    for start in range(0, len(answers), ANSWERS):
        for answer in answers[start : start + ANSWERS]:
            answer.load(lake)
        dbt("run", "--select", *(AGAIN if start else (f"+{MART.split('.')[1]}", "+fct_polygon__bar_versions", *AGAIN)))
        steps.append(Step(answers[: start + ANSWERS], recorded(lake), contents()))
    ((raw_lines,),) = lake.execute(
        "select (select count(*) from raw.stock_bars) + (select count(*) from raw.splits) as lines"
    )
    mart = lake.execute(f"select ticker || ' ' || session_date, close_usd, split_factor from {MART} order by 1")
    dbt("run", "--full-refresh", "--select", *AGAIN)
    return Built(steps, contents(), mart, raw_lines)


def test_versions_are_those_of_the_replay_after_every_build(built: Built) -> None:
    for step in built.steps:
        assert step.versions == expected(step.loaded)


@pytest.mark.parametrize("table", TABLES)
def test_incremental_equals_full_refresh_row_for_row(built: Built, table: str) -> None:
    assert differences(built.refreshed[table], built.steps[-1].tables[table]) == []


def test_mart_holds_what_is_in_force_adjusted_by_the_splits_in_force(built: Built) -> None:
    now = [version for version in expected(built.steps[-1].loaded) if version[3] is None]
    bars = {key: values[3] for key, values, *_ in now if " " in key}
    newest = max(key.split()[1] for key in bars)
    splits = [values for key, values, *_ in now if " " not in key and values[1] <= newest]

    def factor(key: str) -> float:
        ticker, session = key.split()
        return float(prod((Fraction(s[2]) / Fraction(s[3]) for s in splits if s[0] == ticker and s[1] > session),
                          start=Fraction(1)))  # fmt: skip

    assert [(key, close) for key, close, _ in built.mart] == sorted(bars.items())
    assert [adjusted for *_, adjusted in built.mart] == pytest.approx([factor(key) for key, *_ in built.mart])


def test_what_was_known_at_a_moment_is_what_had_come_by_then(built: Built) -> None:
    loaded = built.steps[-1].loaded
    for minutes in range(5, len(loaded), 17):
        moment = NOON + timedelta(minutes=minutes, seconds=30)
        then = [version[:2] for version in expected([one for one in loaded if one.at < moment]) if version[3] is None]
        known = [
            version[:2]
            for version in built.steps[-1].versions
            if version[2] <= moment and (version[3] is None or version[3] > moment)
        ]
        assert known == then


def test_the_answers_were_of_every_kind_and_some_ended_a_version_that_came_back(built: Built) -> None:
    """Or the tests above would prove little."""
    loaded = built.steps[-1].loaded
    assert {answer.how for answer in loaded} >= {"whole", "damaged", "short", "incomplete", "suspect", "cut"}
    assert built.raw_lines == sum(len(answer.pages) for answer in loaded)
    versions = built.steps[-1].versions
    starts = {(key, since) for key, _, since, _ in versions}
    withdrawn = {(key, until) for key, _, _, until in versions if until and (key, until) not in starts}
    back = {key for key, until in withdrawn if any(key == other and until < since for other, since in starts)}
    assert len(withdrawn) > 5
    assert back
    assert {key for key, _ in withdrawn} - back
