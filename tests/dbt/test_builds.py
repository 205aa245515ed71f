"""Three builds over hard loads, against a replay of the raw lines, TA-Lib, numpy and a full refresh."""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import talib

from tests.dbt import scenario, suspicious
from tests.dbt.conftest import DATABASE, Dbt, Lake, differences
from tests.dbt.scenario import ADJUSTED, CALL, CLOSES, LAST, PUT, SESSIONS, minute, numbers, replay
from transform.unbuilt import has_unbuilt

HISTORIES = [
    f"snapshots.snapshot_polygon__{name}"
    for name in ("stock_bars", "options_bars", "splits", "dividends", "tickers", "option_contracts", "option_chain")
]
NOT_AS_OF = ["staging.stg_polygon__rows_rejected", "marts.fct_polygon__bar_versions"]
TABLES = [
    *HISTORIES,
    "staging.stg_polygon__splits",
    "intermediate.int_polygon__splits_chosen",
    "intermediate.int_polygon__split_factors",
    "intermediate.int_polygon__ticker_years",
    "intermediate.int_polygon__ticker_spans",
    "intermediate.int_polygon__stock_bars_enriched",
    "intermediate.int_polygon__options_bars_enriched",
    "intermediate.int_polygon__stocks_options_joined",
    "intermediate.int_polygon__contract_lineage",
    "marts.fct_polygon__stock_bars_performance",
    "marts.fct_polygon__option_chain",
    "marts.dim_polygon__tickers",
    *NOT_AS_OF,
]

READS_HISTORIES = [table for table in TABLES if table not in (*HISTORIES, *NOT_AS_OF)]
# Between two loads of the second step: CCC is at its fourth version of five, and the splits of AAA are not known yet.
THEN = minute(27)


@dataclass
class Built:
    """What the tables held after each step; the data tests of the first build, with their status and their query."""

    lake: Lake
    tests: dict[str, tuple[str, str]]
    first: dict[str, list[tuple[Any, ...]]]
    second: dict[str, list[tuple[Any, ...]]]
    third: dict[str, list[tuple[Any, ...]]]
    refreshed: dict[str, list[tuple[Any, ...]]]
    as_of: dict[str, list[tuple[Any, ...]]]
    known_then: dict[str, list[tuple[Any, ...]]]
    builds: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> Built:
    os.environ["SNOWTAPE_DEFINITIONS"] = ""
    chance = scenario.Chance()

    def contents() -> dict[str, list[tuple[Any, ...]]]:
        return {table: lake.rows(table) for table in TABLES}

    scenario.before_first_build(lake)
    suspicious.load(lake)
    chance.load(lake, 15)
    nodes = dbt("build").results
    tests = {item.node.name: (item.status, item.node.compiled_code) for item in nodes if is_data_test(item)}
    first = contents()

    scenario.between_first_and_second(lake)
    chance.load(lake, 15)
    dbt("run")
    os.environ["SNOWTAPE_DEFINITIONS"] = "current"
    second = contents()

    scenario.between_second_and_third(lake)
    chance.load(lake, 15)
    # As if the build before had died after the histories were written, before it had noted what they absorbed: this
    # one takes it up once more.
    lake.execute("delete from snapshots.absorbed_manifests where right(manifest_id, 1) in ('3', '7', 'b')")
    dbt.run_tables()
    third = contents()

    dbt("run", "--select", "snapshots+", "--exclude", "snapshots", "marts.history", "--vars", f"as_of: {THEN}")
    as_of = {table: lake.rows(table.replace(".", "_as_of.")) for table in READS_HISTORIES}
    with lake.without_what_came_after(THEN):
        dbt.run_tables("--full-refresh")
        known_then = {table: lake.rows(table) for table in READS_HISTORIES}

    dbt.run_tables("--full-refresh")
    refreshed = contents()
    builds = lake.execute(
        """
        select is_full_refresh, models_failed, models_skipped, ledger_manifests, ledger_loaded_through
        from ops.builds
        order by finished_at
        """
    )
    return Built(lake, tests, first, second, third, refreshed, as_of, known_then, builds)


def is_data_test(item: Any) -> bool:
    return str(item.node.resource_type) == "test"


def versions_of(built: Built, ticker: str) -> list[tuple[float, int, int | None]]:
    """Close, and minutes from which and until which it was the current one."""
    rows = built.lake.execute(
        """
        select close_usd, dbt_valid_from, dbt_valid_to
        from snapshots.snapshot_polygon__stock_bars
        where ticker = %s and session_date = %s
        order by dbt_valid_from
        """,
        (ticker, LAST),
    )
    number = {minute(number): number for number in range(60)} | {None: None}
    return [(close, number[since], number[until]) for close, since, until in rows]


def test_versions_are_those_of_a_replay_of_the_raw_lines(built: Built) -> None:
    recorded = built.lake.execute(
        """
        select ticker, session_date, open_usd, high_usd, low_usd, close_usd, volume_shares, vwap_usd, transactions,
            dbt_valid_from, dbt_valid_to
        from snapshots.snapshot_polygon__stock_bars
        """
    )
    observations = [seen for seen in built.lake.observations if seen.dataset == "stock_bars"]

    assert sorted(numbers(recorded), key=repr) == sorted(numbers(replay(observations)), key=repr)


def test_three_loads_between_two_builds_leave_three_versions_and_a_late_one_finds_its_place(built: Built) -> None:
    assert versions_of(built, "CCC") == [(12, 10, 20), (13, 20, 25), (99, 25, 30), (14, 30, None)]


def test_late_version_ends_where_an_answer_that_brought_nothing_new_then_was_fetched(built: Built) -> None:
    assert versions_of(built, "DDD") == [(5, 0, 35), (6, 35, 40), (5, 40, None)]


def test_rereading_a_ticker_unchanged_touches_none_of_its_versions(built: Built) -> None:
    history = "snapshots.snapshot_polygon__stock_bars"
    aaa = [row for row in built.first[history] if row[0] == "AAA"]

    assert len(aaa) == 130
    assert [row for row in built.third[history] if row[0] == "AAA"] == aaa


@pytest.mark.parametrize("table", TABLES)
def test_incremental_equals_full_refresh_row_for_row(built: Built, table: str) -> None:
    assert differences(built.refreshed[table], built.third[table]) == []


def test_damaged_rows_are_set_aside_with_their_reason_and_appear_nowhere_else(built: Built) -> None:
    rejected = built.lake.execute(
        """
        select dataset, rejection_reason, count(*) from staging.stg_polygon__rows_rejected
        where rejection_reason not like 'contradicts%' group by 1, 2 order by 1, 2
        """
    )

    assert rejected == [
        ("option_bars", "not an option symbol", 1),
        ("option_chain", "not an option symbol", 1),
        ("stock_bars", "a price above every share", 1),
        ("stock_bars", "a price that is not positive", 1),
        ("stock_bars", "no price", 1),
        ("stock_bars", "no ticker", 1),
    ]
    tickers = {row[0] for row in built.lake.execute("select ticker from marts.dim_polygon__tickers")}
    assert not tickers & {"", "NOPRICE", "ZERO", "HUGE"}


def test_of_two_rows_that_contradict_each_other_none_counts(built: Built) -> None:
    first = built.lake.execute(
        """
        select symbol, result, rejection_reason from staging.stg_polygon__rows_rejected
        where symbol = 'CCC' and row_date = %s order by result_index
        """,
        (LAST,),
    )

    assert [(json.loads(row)["c"], reason) for _, row, reason in first] == [
        (close, "contradicts another row of the same answer") for close in (10, 11)
    ]
    assert versions_of(built, "CCC")[0][1] == 10


def adjusted_closes(splits: list[tuple[str, int, int]]) -> list[float]:
    """Closes of AAA with exact factors: the product over the splits after each session."""
    factors = [
        math.prod((Fraction(old, new) for day, old, new in splits if day > session), start=Fraction(1))
        for session in SESSIONS
    ]
    return [close * float(factor) for close, factor in zip(CLOSES, factors, strict=True)]


def test_prices_are_adjusted_by_the_splits_after_them_and_indicators_equal_talib_and_numpy(built: Built) -> None:
    rows = built.lake.execute(
        """
        select adjusted_close_usd, sma_20_usd, sma_50_usd, sma_120_usd, log_return, volatility_21d_pct,
            simple_return_pct
        from marts.fct_polygon__stock_bars_performance
        where ticker = 'AAA'
        order by session_date
        """
    )
    got = np.array([[math.nan if value is None else float(value) for value in row] for row in rows]).T
    closes = np.array(adjusted_closes([(SESSIONS[60], 1, 2), (SESSIONS[100], 4, 1)]))
    logs = np.append(math.nan, np.diff(np.log(closes)))
    volatility = np.full(130, math.nan)
    for last in range(21, 130):
        volatility[last] = np.std(logs[last - 20 : last + 1], ddof=1) * math.sqrt(252) * 100
    expected = [
        closes,
        *(talib.SMA(closes, sessions) for sessions in (20, 50, 120)),
        logs,
        volatility,
        np.append(math.nan, np.diff(closes) / closes[:-1] * 100),
    ]

    np.testing.assert_allclose(got, np.array(expected), rtol=1e-9, atol=1e-9)


def test_split_that_is_only_announced_leaves_prices_alone(built: Built) -> None:
    factors = built.lake.execute(
        "select distinct split_factor from marts.fct_polygon__stock_bars_performance where ticker = 'BBB'"
    )

    assert factors == [(1.0,)]


def test_new_split_rewrites_its_ticker_and_nothing_else(built: Built) -> None:
    mart = "marts.fct_polygon__stock_bars_performance"
    changed = {row[0] for row in set(built.third[mart]) ^ set(built.second[mart])}

    assert "AAA" in changed
    assert not changed & {"BBB", "ODD", "BARE"}


def test_option_is_compared_with_the_unadjusted_close_of_its_session(built: Built) -> None:
    rows = built.lake.execute(
        """
        select contract_ticker, days_to_expiration, moneyness, is_in_the_money, intrinsic_value_usd, close_usd
        from marts.fct_polygon__option_chain
        where session_date = %s
        order by contract_ticker
        """,
        (LAST,),
    )
    close, days = CLOSES[-1], (date(2026, 8, 21) - date.fromisoformat(LAST)).days

    assert rows == [
        (ADJUSTED, days, None, None, None, 2.5),
        (CALL, days, pytest.approx(close / 110), close > 110, pytest.approx(max(close - 110, 0)), 2.75),
        (PUT, days, pytest.approx(close / 110), close < 110, pytest.approx(max(110 - close, 0)), 2.5),
    ]


def test_ticker_is_listed_once_with_its_newest_name_and_where_its_data_comes_from(built: Built) -> None:
    rows = built.lake.execute(
        """
        select ticker, ticker_name, is_active, data_origin, session_count
        from marts.dim_polygon__tickers
        where ticker in ('AAA', 'BBB', 'CCC', 'ODD')
        order by ticker
        """
    )

    assert rows == [
        ("AAA", "Triple A [replayed]", True, "replayed", 130),
        ("BBB", "Bold B [synthetic]", True, "synthetic", 25),
        ("CCC", "Triple C", True, "market", 1),
        ("ODD", None, None, "unknown", 1),
    ]


def test_versions_of_restated_bars_and_of_no_others_are_listed_in_order(built: Built) -> None:
    rows = built.lake.execute(
        """
        select ticker, session_date, open_usd, high_usd, low_usd, close_usd, volume_shares, vwap_usd, transactions,
            known_from, known_until, version_number, version_count, is_current
        from marts.fct_polygon__bar_versions
        """
    )
    versions: dict[tuple[str, date], list[tuple[Any, ...]]] = defaultdict(list)
    for version in replay([seen for seen in built.lake.observations if seen.dataset == "stock_bars"]):
        versions[version[:2]].append(version)
    expected = [
        (*version, number, len(known), number == len(known))
        for known in (sorted(known, key=lambda version: version[-2]) for known in versions.values())
        for number, version in enumerate(known, 1)
        if len(known) > 1
    ]

    assert sorted(numbers(rows), key=repr) == sorted(numbers(expected), key=repr)


@pytest.mark.parametrize("table", READS_HISTORIES)
def test_models_as_of_a_moment_are_those_of_a_build_that_knew_no_more(built: Built, table: str) -> None:
    assert differences(built.as_of[table], built.known_then[table]) == []
    if table.startswith("marts.fct_polygon__stock"):
        assert built.as_of[table] != built.third[table]


def test_every_build_is_recorded_once(built: Built) -> None:
    assert [build[:3] for build in built.builds] == [(False, 0, 0)] * 3 + [(True, 0, 0)] * 2


def test_a_build_records_what_it_had_taken_up_of_the_ledger(built: Built) -> None:
    ((manifests, newest),) = built.lake.execute("select count(*), max(loaded_at) from raw.load_ledger")
    counts = [build[3] for build in built.builds]
    assert counts == sorted(counts)
    assert built.builds[-1][3:] == (manifests, newest)
    # Of a selection of models nothing is recorded: it says nothing about the others.
    assert None not in counts


def test_a_build_records_each_model_with_the_rows_of_its_table(built: Built) -> None:
    models = built.lake.execute(
        """
        select layer, model_name, materialization, status, stored_rows
        from ops.build_models
        qualify build_id = last_value(build_id) over (order by finished_at, build_id)
        """
    )
    ((counted,),) = built.lake.execute("select max_by(models_built, finished_at) from ops.builds")
    assert len(models) == counted
    assert {status for *_, status, _ in models} == {"success"}
    for layer, name, kind, _, rows in models:
        expected = None if kind == "view" else built.lake.execute(f"select count(*) from {layer}.{name}")[0][0]
        assert (name, rows) == (name, expected)


def test_what_is_loaded_after_a_build_is_unbuilt(built: Built) -> None:
    assert not has_unbuilt(built.lake.connection)
    with built.lake.undone():
        built.lake.grouped("2026-11-20", [], at=datetime(2026, 11, 21))
        assert has_unbuilt(built.lake.connection)
    assert not has_unbuilt(built.lake.connection)


def test_what_is_overridden_after_a_build_is_unbuilt(built: Built) -> None:
    ((began,),) = built.lake.execute("select max(started_at) from ops.builds")
    for minutes, is_unbuilt in ((-11, False), (1, True)):
        with built.lake.undone():
            built.lake.override("splits", "a1", "drop", None, at=began + timedelta(minutes=minutes))
            assert has_unbuilt(built.lake.connection) == is_unbuilt


@pytest.mark.parametrize("column", ["models_failed", "models_skipped"])
def test_the_loads_of_a_build_that_was_not_whole_are_unbuilt(built: Built, column: str) -> None:
    with built.lake.undone():
        built.lake.execute(f"update ops.builds set {column} = 1")
        assert has_unbuilt(built.lake.connection)


def test_histories_refuse_to_be_written_as_of_a_moment(built: Built, dbt: Dbt) -> None:
    before = built.lake.rows(HISTORIES[0])

    refused = dbt("run", "--select", "snapshot_polygon__stock_bars", "--vars", f"as_of: {THEN}", ok=False)

    (reason,) = (item.message for item in refused.results if item.status == "error")
    assert "must not write one" in reason
    assert built.lake.rows(HISTORIES[0]) == before


@pytest.mark.parametrize("test", suspicious.FOUND)
def test_data_test_finds_what_is_suspicious_and_nothing_else(built: Built, test: str) -> None:
    _, query = built.tests[test]

    assert sorted(row[: len(suspicious.FOUND[test][0])] for row in built.lake.execute(query)) == suspicious.FOUND[test]


def test_data_tests_of_everything_else_pass(built: Built) -> None:
    warned = {name for name, (status, _) in built.tests.items() if status != "pass"}

    assert warned == {*suspicious.FOUND, *suspicious.WARNED_BESIDES}
    assert {status for status, _ in built.tests.values()} == {"pass", "warn"}


@pytest.mark.parametrize("table", suspicious.DOUBLED)
def test_doubled_row_is_found(built: Built, table: str) -> None:
    queries = [
        query
        for name, (_, query) in built.tests.items()
        if name.startswith("unique_combination_") and f"from {DATABASE}.{table}".lower() in query.lower()
    ]
    assert [found for query in queries for found in built.lake.execute(query)] == []

    with built.lake.undone():
        built.lake.execute(f"insert into {table} select * from {table} limit 1")
        assert {len(built.lake.execute(query)) for query in queries} == {1}


def test_source_is_fresh_as_long_as_it_has_the_session_that_is_due(built: Built, dbt: Dbt) -> None:
    def freshness() -> dict[str, tuple[str, int]]:
        results = dbt("source", "freshness", ok=False).results
        return {item.node.name: (str(item.status), round(item.age / 86400)) for item in results if hasattr(item, "age")}

    behind = dict(built.lake.execute("select dataset, sessions_behind from ops.freshness"))
    assert freshness() == {dataset: ("error", behind[dataset]) for dataset in ("stock_bars", "option_bars")}

    move = "update snapshots.snapshot_polygon__stock_bars set session_date = %s where ticker = 'ODD'"
    ((due,),) = built.lake.execute("select max(due_session_date) from ops.freshness")
    built.lake.execute(move, (due,))
    assert freshness()["stock_bars"] == ("pass", 0)
    built.lake.execute(move, (LAST,))


@pytest.mark.parametrize(
    ("column", "promised"),
    [
        pytest.param("session_count", "varchar", id="another type"),
        pytest.param("last_close_usd", "integer", id="less exact"),
        pytest.param("first_session_date", "timestamp_ntz(6)", id="finer"),
    ],
)
def test_mart_that_breaks_its_contract_is_not_built(built: Built, dbt: Dbt, column: str, promised: str) -> None:
    os.environ["SNOWTAPE_DEFINITIONS"] = ""
    other = Dbt(dbt.target, dbt.manifest.deepcopy())
    other.manifest.nodes["model.snowtape.dim_polygon__tickers"].columns[column].data_type = promised

    refused = other("run", "--select", "dim_polygon__tickers", ok=False)

    (reason,) = (item.message for item in refused.results if item.status == "error")
    assert "enforced contract" in reason
    assert column.upper() in reason
    newest = "order by finished_at desc limit 1"
    recorded = built.lake.execute(f"select model_name, status, message from ops.build_models {newest}")
    assert recorded == [("dim_polygon__tickers", "error", reason[:1000])]
    os.environ["SNOWTAPE_DEFINITIONS"] = "current"


def test_same_id_in_the_other_family_is_a_manifest_of_its_own(built: Built, dbt: Dbt) -> None:
    ((manifest,),) = built.lake.execute("select max(manifest_id) from raw.load_ledger where family = 'stocks'")
    built.lake.execute(
        """
        insert into raw.load_ledger (manifest_id, manifest_key, family, dag_id, run_id, is_complete, objects,
            rows_loaded, result_rows, loaded_at)
        select %s, 'manifests/x.json', 'options', 'a_dag', 'a_run', true, parse_json('[1]'), 1, 1, loaded_at
        from raw.load_ledger where manifest_id = %s
        """,
        (manifest, manifest),
    )
    dbt("run", "--select", "stg_polygon__manifests_pending")

    pending = "select dataset from staging.stg_polygon__manifests_pending where is_new and manifest_id = %s order by 1"
    assert built.lake.execute(pending, (manifest,)) == [("option_bars",), ("option_chain",), ("option_contracts",)]
    built.lake.execute("delete from raw.load_ledger where manifest_id = %s and family = 'options'", (manifest,))


def test_answer_from_the_future_or_from_before_its_manifest_is_found(built: Built) -> None:
    (query,) = [query for name, (_, query) in built.tests.items() if name == "answers_come_between_manifest_and_load"]
    assert built.lake.execute(query) == []
    with built.lake.undone():
        built.lake.execute("update raw.splits set fetched_at = '2099-01-01' where fetched_at = %s", (minute(50),))
        built.lake.execute("update raw.tickers set fetched_at = dateadd('second', -1, fetched_at)")
        found = {(row[0], row[4]) for row in built.lake.execute(query)}
    assert ("splits", datetime(2099, 1, 1)) in found
    assert {dataset for dataset, _ in found} == {"splits", "tickers"}


def test_manifest_that_was_loaded_again_with_other_objects_calls_for_a_full_refresh(built: Built, dbt: Dbt) -> None:
    (manifest,) = built.lake.execute("select max(manifest_id) from raw.load_ledger")[0]
    reload = "update raw.load_ledger set objects = parse_json(%s) where manifest_id = %s"
    built.lake.execute(reload, ('[{"key": "raw/stock_bars/x.ndjson.gz", "sha256": "another"}]', manifest))

    with pytest.raises(AssertionError, match=rf"loaded again .*{manifest}.* Nothing was built"):
        dbt("run")
    dbt("run", "--full-refresh", "--select", "stg_polygon__manifests_pending", "snapshots")
    dbt("run", "--select", "stg_polygon__manifests_pending")
