"""The whole chain through the real Airflow: what was landed is loaded once; a second run adds nothing."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from datetime import date
from typing import Any

import psutil
import pytest
from bokeh_sampledata.stocks import AAPL

from local.demo.chain import DAG_IDS

pytestmark = pytest.mark.timeout(3600)


def test_every_stage_comes_through_and_nothing_is_left_running(demo: Any) -> None:
    output = (demo.state / "first-run.txt").read_text()
    ended = {line.split()[1] for line in output.splitlines() if line.startswith("✓")}
    assert set(DAG_IDS) <= ended
    assert "0 failed" in output
    left = [
        p.info for p in psutil.process_iter(["pid", "cmdline"]) if str(demo.state) in " ".join(p.info["cmdline"] or [])
    ]
    assert left == []


def test_raw_tables_are_the_replay_of_the_manifests(stored: Any) -> None:
    assert stored.manifests
    expected: Counter[tuple[str, str]] = Counter()
    for manifest in stored.manifests:
        assert manifest.complete
        for entry in manifest.objects:
            body = stored.store.read(entry.key)
            assert (len(body), hashlib.sha256(body).hexdigest()) == (entry.bytes, entry.sha256)
            expected[(entry.dataset, entry.key)] = len(gzip.decompress(body).splitlines())
    loaded = {
        (dataset, str(key)): int(count)
        for dataset in {dataset for dataset, _ in expected}
        for key, count in stored.query(f"select object_key, count(*) from raw.{dataset} group by object_key")
    }
    assert loaded == dict(expected)


def test_ledger_names_every_manifest_once(stored: Any) -> None:
    ledger = [str(row[0]) for row in stored.query("select manifest_id from raw.load_ledger")]
    assert sorted(ledger) == sorted(manifest.manifest_id for manifest in stored.manifests)
    assert stored.query("select count(*) from raw.load_rejects") == [(0,)]


def test_mart_shows_the_bars_of_the_source_session_by_session(stored: Any) -> None:
    rows = stored.query(
        "select close_usd, volume_shares from marts.fct_polygon__stock_bars_performance"
        " where ticker = 'AAPL' order by session_date"
    )
    assert len(rows) > 240
    assert [float(close) for close, _ in rows] == pytest.approx(AAPL["close"][-len(rows) :], abs=1e-9)
    assert [float(volume) for _, volume in rows] == AAPL["volume"][-len(rows) :]


def test_every_ticker_is_labelled_replayed_or_synthetic(stored: Any) -> None:
    origins = dict(stored.query("select data_origin, count(*) from marts.dim_polygon__tickers group by data_origin"))
    assert set(origins) == {"replayed", "synthetic"}


def test_test_results_are_kept_run_by_run(stored: Any) -> None:
    rows = stored.query("select status, count(*) from ops.dbt_test_results group by status")
    assert {status for status, _ in rows} <= {"pass", "warn"}
    assert dict(rows)["pass"] > 20


def test_corrections_are_versions_and_what_cannot_be_true_is_none(stored: Any) -> None:
    restated = stored.query(
        "select ticker, count(*) from marts.fct_polygon__bar_versions where version_number = 2 group by ticker"
    )
    assert dict(restated) == {"SIM0001": 1, "SIM0002": 1, "SIM0003": 2}
    assert stored.query("select ticker, split_to from marts.fct_polygon__split_versions where ticker = 'SIM0002'") == [
        ("SIM0002", 3)
    ]
    assert stored.query("select count(*) > 0 from ops.rejected_rows") == [(True,)]
    assert [state for (state,) in stored.query("select state from ops.suspect_sessions")] == ["open"]


def test_second_run_asks_for_the_suspect_session_alone_and_adds_nothing_else(demo: Any) -> None:
    newest: set[date] = set()
    while len(newest) != 1:  # a session that ends between two runs is new: then one more run
        newest = set(demo.newest)
        with demo.stored() as stored:
            before = stored.counts()
        again = demo.run()
        assert again.returncode == 0, f"{again.stdout}\n{again.stderr}"
        newest |= demo.newest
    with demo.stored() as stored:
        after = stored.counts()
        states = stored.query("select state from ops.suspect_sessions")
    assert {name: count - before[name] for name, count in after.items() if count != before[name]} == {
        "RAW.LOAD_LEDGER": 1,
        "RAW.STOCK_BARS": 1,
        "SNAPSHOTS.ABSORBED_MANIFESTS": 7,  # the manifest, for each dataset of stocks
        "objects": 2,
    }
    assert states == [("closed",)]
