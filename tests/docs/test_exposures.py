"""dbt's exposures name what reads the models, no more and no less: who must be told before a model changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gates.sources import REPOSITORY

MODELS = REPOSITORY / "dbt" / "models"
EXPOSURES: dict[str, Any] = {
    exposure["name"]: exposure for exposure in yaml.safe_load((MODELS / "exposures.yml").read_text())["exposures"]
}


def models_read_in(folder: Path) -> set[str]:
    """Models of dbt that the SQL and Python of a folder name with their schema."""
    names = {path.stem for path in MODELS.rglob("*.sql")}
    text = "\n".join(path.read_text() for suffix in ("sql", "py") for path in folder.rglob(f"*.{suffix}"))
    return names & set(re.findall(r"\b(?:marts|ops|intermediate|staging|snapshots)\.(\w+)", text))


@pytest.mark.parametrize(
    ("exposure", "folder"),
    [("dashboard", "dashboard"), ("operator_app", "snowflake/streamlit"), ("worksheets", "worksheets")],
)
def test_exposure_lists_the_models_that_its_folder_reads(exposure: str, folder: str) -> None:
    read = models_read_in(REPOSITORY / folder)

    assert read
    assert {name.split("'")[1] for name in EXPOSURES[exposure]["depends_on"]} == read


def test_every_model_has_the_one_owner() -> None:
    (group,) = yaml.safe_load((MODELS / "groups.yml").read_text())["groups"]
    project = yaml.safe_load((REPOSITORY / "dbt" / "dbt_project.yml").read_text())

    assert project["models"]["snowtape"]["+group"] == group["name"]
    assert {exposure["owner"]["name"] for exposure in EXPOSURES.values()} == {group["owner"]["name"]}
