"""Whether the warehouse was last built by this very dbt project: then its views and comments are what they were."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path
from typing import Any

CURRENT = Path(__file__).with_name("sql") / "definitions_are_current.sql"
# What a project is made of, by file name; a packages folder or a target folder is not.
PARTS = ("*.sql", "*.yml", "*.csv")
FOLDERS = ("macros", "models", "tests")


def project_digest(project_dir: Path) -> str:
    """SHA-256 over names and contents of everything that dbt makes models, tests and macros of."""
    digest = hashlib.sha256()
    folders = [project_dir.glob(part) for part in PARTS]
    folders += [(project_dir / folder).rglob(part) for folder in FOLDERS for part in PARTS]
    for path in sorted(path for found in folders for path in found):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(project_dir).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def definitions_are_current(connection: Any, digest: str) -> bool:
    """Whether the newest build, of any kind and by whomever, was whole and of the project with this digest. Only reads.

    Args:
        connection: any DB-API one to the warehouse.
        digest: of project_digest().
    """
    with closing(connection.cursor()) as cursor:
        cursor.execute(CURRENT.read_text(), {"digest": digest})
        return bool(cursor.fetchall())
