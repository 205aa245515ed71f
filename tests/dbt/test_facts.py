"""Good, damaged, contradicting, withdrawn and late answers in any order, against a replay and a full refresh.

SNOWTAPE_FACTS_ROUNDS: how many later builds, with 60 more answers each. SNOWTAPE_FACTS_SEED: other answers.
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
from tests.dbt.facts import FIELDS, Answer, Version, replay
from tests.dbt.scenario import NOON
from tests.dbt.vendor import WEIGHTS, Vendor, late

SEED = int(os.environ.get("SNOWTAPE_FACTS_SEED", "21"))
ROUNDS = int(os.environ.get("SNOWTAPE_FACTS_ROUNDS", "2"))
ANSWERS = 60
MART = "marts.fct_polygon__stock_bars_performance"
HISTORIES = {
    "stock_bars": "stock_bars",
    "option_bars": "options_bars",
    "splits": "splits",
    "dividends": "dividends",
    "tickers": "tickers",
    "option_contracts": "option_contracts",
}
TABLES = (
    MART,
    "marts.fct_polygon__bar_versions",
    *(f"snapshots.snapshot_polygon__{name}" for name in HISTORIES.values()),
    "staging.stg_polygon__answers",
    "staging.stg_polygon__rows_rejected",
    "staging.stg_polygon__tickers",
    "intermediate.int_polygon__split_factors",
    "intermediate.int_polygon__ticker_years",
    "intermediate.int_polygon__ticker_spans",
    "intermediate.int_polygon__stock_bars_enriched",
)
# By dataset the key and the values of a version, as the replay has them.
COLUMNS = {
    "stock_bars": "ticker || ' ' || to_char(session_date, 'YYYY-MM-DD'), open_usd, high_usd, low_usd, close_usd, "
    "volume_shares",
    "option_bars": "contract_ticker || ' ' || to_char(session_date, 'YYYY-MM-DD'), open_usd, high_usd, low_usd, "
    "close_usd, volume_contracts",
    "splits": "split_id, ticker, to_char(execution_date, 'YYYY-MM-DD'), split_from, split_to",
    "dividends": "dividend_id, ticker, to_char(ex_dividend_date, 'YYYY-MM-DD'), cash_amount",
    "tickers": "ticker, ticker_name",
    "option_contracts": "contract_ticker, underlying_ticker, to_char(expiration_date, 'YYYY-MM-DD'), strike_usd, "
    "shares_per_contract",
}


@dataclass
class Step:
    """What had been loaded when a build ended, what the tables held then, and after a build from nothing."""

    loaded: list[Answer]
    versions: list[Version]
    tables: dict[str, list[tuple[Any, ...]]]
    refreshed: dict[str, list[tuple[Any, ...]]]


@dataclass
class Built:
    """One build after the other."""

    steps: list[Step]
    mart: list[tuple[Any, ...]]
    raw_lines: int


def recorded(lake: Lake) -> list[Version]:
    """The versions of the histories, as the replay gives them."""
    rows = [
        row
        for dataset, history in HISTORIES.items()
        for row in lake.execute(
            f"select dbt_valid_from, dbt_valid_to, {COLUMNS[dataset]} from snapshots.snapshot_polygon__{history}"
        )
    ]
    return sorted(((key, tuple(values), since, until) for since, until, key, *values in rows), key=repr)


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
        dbt.run_behind(*TABLES, again=bool(start))
        versions, tables = recorded(lake), contents()
        if start:
            dbt.run_behind(*TABLES, again=True, full_refresh=True)
        steps.append(Step(answers[: start + ANSWERS], versions, tables, contents() if start else tables))
    ((raw_lines,),) = lake.execute(
        f"select {' + '.join(f'(select count(*) from raw.{dataset})' for dataset in HISTORIES)} as lines"
    )
    mart = lake.execute(
        f"select ticker || ' ' || session_date, close_usd, split_factor, dividend_usd from {MART} order by 1"
    )
    return Built(steps, mart, raw_lines)


@pytest.mark.parametrize("number", range(ROUNDS + 1))
def test_versions_are_those_of_the_replay_after_every_build(built: Built, number: int) -> None:
    step = built.steps[number]
    assert step.versions == expected(step.loaded)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_incremental_equals_full_refresh_row_for_row(built: Built, number: int, table: str) -> None:
    assert differences(built.steps[number].refreshed[table], built.steps[number].tables[table]) == []


def in_force(built: Built, dataset: str) -> dict[str, tuple[Any, ...]]:
    """The replay's values by key, of what is in force in the end."""
    loaded = [one for one in built.steps[-1].loaded if one.dataset == dataset]
    return {key: values for key, values, _, until in expected(loaded) if until is None}


def test_mart_holds_what_is_in_force_adjusted_by_the_splits_in_force(built: Built) -> None:
    bars = {key: values[3] for key, values in in_force(built, "stock_bars").items()}
    newest = max(key.split()[1] for key in bars)
    splits = [values for values in in_force(built, "splits").values() if values[1] <= newest]

    def factor(key: str) -> float:
        ticker, session = key.split()
        return float(prod((Fraction(s[2]) / Fraction(s[3]) for s in splits if s[0] == ticker and s[1] > session),
                          start=Fraction(1)))  # fmt: skip

    assert [(key, close) for key, close, *_ in built.mart] == sorted(bars.items())
    assert [adjusted for _, _, adjusted, _ in built.mart] == pytest.approx([factor(key) for key, *_ in built.mart])


def test_mart_has_each_dividend_in_force_once_on_the_first_bar_from_its_ex_date_on(built: Built) -> None:
    sessions: dict[str, list[str]] = {}
    for key in sorted(in_force(built, "stock_bars")):
        sessions.setdefault(key.split()[0], []).append(key.split()[1])
    paid: dict[str, float] = {}
    # Under two ids, or with and without one, it is one payment.
    for ticker, day, amount in {values for values in in_force(built, "dividends").values()}:
        bars = sessions.get(ticker, [])
        first = next((session for session in bars if session >= day), None)
        if first is not None and (first == day or first != bars[0]):
            key = f"{ticker} {first}"
            paid[key] = paid.get(key, 0.0) + amount

    assert {key: dividend for key, *_, dividend in built.mart if dividend} == pytest.approx(paid)
    assert paid


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


@pytest.mark.parametrize("dataset", [one for one in WEIGHTS if one != "option_bars"])
def test_the_answers_were_of_every_kind_and_ended_versions_of_which_some_came_back(built: Built, dataset: str) -> None:
    """Or the tests above would prove little."""
    loaded = [one for one in built.steps[-1].loaded if one.dataset == dataset]
    assert {answer.how for answer in loaded} >= {"whole", "damaged", "short", "incomplete"}
    versions = expected(loaded)
    starts = {(key, since) for key, _, since, _ in versions}
    withdrawn = {(key, until) for key, _, _, until in versions if until and (key, until) not in starts}
    assert any(key == other and until < since for key, until in withdrawn for other, since in starts)
    assert any(until is None for *_, until in versions)


def test_every_answer_was_loaded(built: Built) -> None:
    loaded = built.steps[-1].loaded
    assert built.raw_lines == sum(len(answer.pages) for answer in loaded)
    assert {answer.dataset for answer in loaded} == FIELDS.keys()
