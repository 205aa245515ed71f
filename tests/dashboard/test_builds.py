"""Builds on the data-quality page: each model of the newest one, or of the one in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from dashboard.data.door import Door
from dashboard.pages.quality import builds
from tests.dashboard import seed, seed_quality
from tests.dashboard.said import said

if TYPE_CHECKING:
    from tests.dashboard.conftest import FakeWarehouse

COLUMNS = seed.column_names("ops.build_models")


@pytest.fixture
def built(door: Door, fake: FakeWarehouse) -> Door:
    """The door with the newer build of the seed, and the older one in the list alone."""
    models = pd.DataFrame(seed_quality.build_models(), columns=COLUMNS)
    newest = models[models["build_id"] == "build-1"]
    began = newest["started_at"].min()
    fake.frames["build_models"] = newest
    fake.frames["builds"] = pd.DataFrame(
        [
            ("build-1", "dbt_build/r-try1", began, began + pd.Timedelta(seconds=60), 2, 1, 1),
            ("build-0", None, began, began + pd.Timedelta(seconds=12), 4, 0, 0),
        ],
        columns=[
            *("build_id", "run_id", "started_at", "finished_at"),
            *("models_built", "models_failed", "models_skipped"),
        ],
    )
    return door


def test_newest_build_shows_each_model_with_its_state_seconds_and_rows(built: Door) -> None:
    content = builds.read_builds(built, "")
    text = said(content.body)
    assert "2 models built, 1 failed, 1 skipped in 60.0 s" in text
    assert "Airflow: dbt_build/r-try1" in text
    assert '"status": "built", "model": "snapshot_polygon__stock_bars", "layer": "snapshots"' in text
    assert '"seconds": 30.25, "rows": 1063, "message": "Numeric value \'x\' is not recognized"' in text
    # Half of the 52.35 seconds that models ran had not passed when the third began.
    assert '"time": [0.4221585482330468, 0.5778414517669532, 22.1]' in text


def test_skipped_model_has_neither_seconds_nor_a_place_in_time(built: Door) -> None:
    text = said(builds.read_builds(built, "").body)
    assert '"status": "skipped"' in text
    assert '"time": null, "seconds": null, "rows": 1063' in text


def test_each_column_leads_to_its_build_and_the_shown_one_is_marked(built: Door) -> None:
    text = said(builds.read_builds(built, "build-0").body)
    assert "/quality?build=build-0" in text
    assert "/quality?build=build-1" in text
    assert "4 models built in 12.0 s" in text
    assert "Run by hand" in text
    assert text.count("st-is-shown") == 1


def test_build_that_the_address_names_and_nobody_knows_is_said(built: Door) -> None:
    content = builds.read_builds(built, "build-9")
    assert "None of the newest builds has the id in the address." in said(content.notice)
    assert "1 failed" in said(content.body)


def test_without_a_build_the_panel_says_what_makes_one(door: Door, fake: FakeWarehouse) -> None:
    fake.frames["builds"] = pd.DataFrame()
    assert "No build yet" in said(builds.read_builds(door, "").body)
