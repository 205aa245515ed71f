"""One site for all faults of a test module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dbt.conftest import Dbt
from tests.faults import building
from tests.faults.site import Site, running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Market, object store and warehouse with the deployed schema."""
    with running(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="module")
def dbt(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """dbt on the site's warehouse."""
    return building.parsed(tmp_path_factory.mktemp("dbt"))
