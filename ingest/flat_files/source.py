"""Whether bars come from flat files or from the API, and which files are there and landed already. Reads only."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from ingest.datasets import Family
from ingest.errors import BadSetting, NotEntitled, NotFound
from ingest.flat_files import planning
from ingest.flat_files.bucket import FlatFileBucket
from ingest.flat_files.planning import Files
from ingest.manifests import list_keys, manifest_id_of
from ingest.settings import BarSource, read_bar_source, read_flat_files
from ingest.storage import LandingStore

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """Where bars come from: `files`, or (None) the API alone; `reason` in one line."""

    reason: str
    files: Files | None = field(default=None, repr=False)


def choose(family: Family, store: LandingStore, *, refused: Collection[str] = ()) -> Choice:
    """Decide by POLYGON_BAR_SOURCE, and say so in the log.

    Args:
        refused: keys of manifests that the warehouse has refused: what they name is not landed.

    Raises:
        BadSetting: a setting can't be used.
        NotEntitled: POLYGON_BAR_SOURCE is flat_files, and the vendor refuses them.
        TransientError: the bucket does not answer. `auto` does not fall back on the API for that.
    """
    choice = _choose(family, store, refused)
    log.info("Bars of %s: %s", family, choice.reason)
    return choice


def _choose(family: Family, store: LandingStore, refused: Collection[str]) -> Choice:
    setting = read_bar_source()
    if setting == BarSource.REST:
        return Choice("from the API, as POLYGON_BAR_SOURCE=rest says.")
    settings = read_flat_files()
    if settings is None:
        if setting == BarSource.FLAT_FILES:
            raise BadSetting(
                "POLYGON_FLAT_FILES_ACCESS_KEY_ID is not set; POLYGON_BAR_SOURCE=flat_files needs it and "
                "POLYGON_FLAT_FILES_SECRET_ACCESS_KEY."
            )
        return Choice("from the API; no POLYGON_FLAT_FILES_ACCESS_KEY_ID is set.")
    bucket = FlatFileBucket(settings)
    try:
        files = planning.day_files(bucket.listed(planning.PREFIXES[family]))
        if not files:
            raise NotEntitled(f"{bucket.endpoint} lists no file under {planning.PREFIXES[family]}")
        bucket.check(files[max(files)].key)
    except (NotEntitled, NotFound) as error:
        if setting == BarSource.FLAT_FILES:
            raise NotEntitled(f"POLYGON_BAR_SOURCE is flat_files, and they can't be had: {error}.") from None
        return Choice(f"from the API; flat files can't be had: {error}.")
    found = Files(files, landed(family, store, refused), setting)
    rest = "; sessions without one come from the API" if setting == BarSource.AUTO else ""
    return Choice(f"from flat files, {len(files)} up to {max(files)} (POLYGON_BAR_SOURCE={setting}){rest}.", found)


def landed(family: Family, store: LandingStore, refused: Collection[str] = ()) -> dict[date, str]:
    """The version of each session's file that is landed; see `planning.landed`."""
    objects = list(store.keys(f"raw/{planning.DATASETS[family]}/"))
    if not objects:
        return {}
    manifests = {manifest_id_of(key) for key in list_keys(store, family) if key not in refused}
    return planning.landed(objects, manifests)
