"""One site for all faults of a test module; whatever it changes in the environment is undone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.dbt.conftest import Dbt
from tests.faults import building
from tests.faults.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Market, object store and warehouse with the deployed schema."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("SNOW", "POLYGON_", "AWS_"))]:
        del os.environ[name]
    folder = tmp_path_factory.mktemp("site")
    made = Site(folder)
    try:
        yield made
    finally:
        made.stop()
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder / "warehouse", ignore_errors=True)


@pytest.fixture(scope="module")
def dbt(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """dbt on the site's warehouse."""
    return building.parsed(tmp_path_factory.mktemp("dbt"))
