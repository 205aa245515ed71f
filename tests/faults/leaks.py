"""The canary: the site's keys and tokens, looked for in everything that was written."""

from __future__ import annotations

import gzip

from tests.faults import oracle
from tests.faults.drill import Drill

NONE = "found nowhere"


def everywhere(drill: Drill) -> list[str]:
    """Where a secret is, of the logs, the warehouse's files, the objects and manifests, and all tables."""
    return oracle.leaks(written(drill) | objects() | tables(drill))


def written(drill: Drill) -> dict[str, bytes]:
    """Every file of the site and of dbt, but the two that a key or a token belongs in."""
    folders = [drill.site.folder, *([drill.dbt.target] if drill.dbt else [])]
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("identities.json", "token")
    }


def objects() -> dict[str, bytes]:
    """Every object of the bucket, unpacked."""
    return {key: gzip.decompress(body) if key.endswith(".gz") else body for key, body in oracle.objects().items()}


def tables(drill: Drill) -> dict[str, bytes]:
    """Every row of every table as text."""
    return {f"table {name}": repr(rows).encode() for name, rows in drill.tables().items()}
