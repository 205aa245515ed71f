"""What Snowsight shows beside a table or a column: every model has a description, and dbt hands it on as a comment.

The tables that schemachange makes are looked at in tests/schemachange.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gates.sources import REPOSITORY

DBT = REPOSITORY / "dbt"
MODELS = sorted((DBT / "models").rglob("*.sql"))


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """What the yml files say, by model."""
    files = [yaml.safe_load(path.read_text()) for path in (DBT / "models").rglob("*.yml")]
    return {model["name"]: model for file in files for model in file.get("models", [])}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_model_and_its_columns_are_described(path: Path, described: dict[str, Any]) -> None:
    model = described[path.stem]

    assert model["description"].strip()
    assert model["columns"]
    assert [column["name"] for column in model["columns"] if not column.get("description", "").strip()] == []


def test_descriptions_become_comments() -> None:
    project = yaml.safe_load((DBT / "dbt_project.yml").read_text())

    assert project["models"]["snowtape"]["+persist_docs"] == {"relation": True, "columns": True}


def test_no_description_ends_the_dollar_quotes_that_dbt_puts_around_it(described: dict[str, Any]) -> None:
    for name, model in described.items():
        texts = [model["description"], *(column["description"] for column in model["columns"])]
        assert not [text for text in texts if "$$" in text], name
