"""One DuckDB instance that every session shares, with each database and all metadata kept on disk.

<directory>/databases/<NAME>.db     one file a database
<directory>/metadata.db             `_fs_global`: stages, file formats, users, procedures, recorded no-ops
<directory>/stages/                 files of internal stages
<directory>/spill/                  what does not fit into memory
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

import duckdb
import fakesnow.transforms.stage
from fakesnow import info_schema, macros
from fakesnow.instance import GLOBAL_DATABASE_NAME, FakeSnow
from fakesnow.transforms import show

from local.warehouse.naming import literal, quoted
from local.warehouse.results_cache import ResultsCache

METADATA_SCHEMA = f"{GLOBAL_DATABASE_NAME}._snowtape"


def default_memory_limit_mib() -> int:
    """Half of the machine's memory, at most 4 GiB: the demo's other servers live here too."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(4096, physical // 2 // 2**20)


class Instance(FakeSnow):
    """fakesnow's instance on disk. `database_metadata` are SQL templates run once for each database (`{database}`)."""

    def __init__(
        self,
        directory: Path,
        metadata: Iterable[str] = (),
        database_metadata: Iterable[str] = (),
        memory_limit_mib: int | None = None,
    ) -> None:
        # FakeSnow.__init__ is left out on purpose: it opens an in-memory database for the metadata.
        self.directory = directory
        self.databases = directory / "databases"
        self.db_path = self.databases
        self.create_database_on_connect = False
        self.create_schema_on_connect = False
        self.nop_regexes = None
        self.results_cache = ResultsCache()
        self._database_metadata = tuple(database_metadata)
        for folder in (self.databases, directory / "stages"):
            folder.mkdir(parents=True, exist_ok=True)
        spill = directory / "spill"
        spill.mkdir(exist_ok=True)
        fakesnow.transforms.stage.LOCAL_BUCKET_PATH = str((directory / "stages").resolve())
        self.duck_conn = duckdb.connect(
            ":memory:",
            config={
                "lambda_syntax": "ENABLE_SINGLE_ARROW",
                "memory_limit": f"{memory_limit_mib or default_memory_limit_mib()}MiB",
                "temp_directory": str(spill),
                # A checkpoint writes the last row group of a table again, which holds a year of whole responses in raw
                # tables: after every 16 MB, DuckDB's own threshold, it costs more than a day's load and build.
                "checkpoint_threshold": "128MiB",
                "autoinstall_known_extensions": "false",
            },
        )
        self.duck_conn.execute("SET GLOBAL TimeZone = 'UTC'")
        # 1/0 is an error in Snowflake, not infinity.
        self.duck_conn.execute("SET GLOBAL ieee_floating_point_ops = false")
        self._attach(directory / "metadata.db", GLOBAL_DATABASE_NAME)
        # Only now: until that file is locked, what is there may belong to a warehouse that runs on this folder.
        for left_over in spill.iterdir():
            if left_over.is_dir():  # of a COPY that was killed
                shutil.rmtree(left_over)
            else:
                left_over.unlink()
        self.duck_conn.execute(info_schema.fs_global_creation_sql())
        self.duck_conn.execute(show.fs_global_creation_sql())
        self.duck_conn.execute(f"CREATE SCHEMA IF NOT EXISTS {METADATA_SCHEMA}")
        for sql in metadata:
            self.duck_conn.execute(sql)
        for file in sorted(self.databases.glob("*.db")):
            name = unquote(file.stem)
            self._attach(file, name)
            self.prepare_database(self.duck_conn, name)

    def _attach(self, file: Path, name: str) -> None:
        self.duck_conn.execute(f"ATTACH {literal(str(file))} AS {quoted(name)}")

    def database_file(self, name: str) -> Path:
        """Where a database lives; its name may hold any character."""
        return self.databases / f"{quote(name, safe='')}.db"

    def prepare_database(self, duck: duckdb.DuckDBPyConnection, name: str) -> None:
        """Create what fakesnow and our own modules keep inside a database."""
        identifier = quoted(name)
        duck.execute(info_schema.per_db_creation_sql(name) if name.isidentifier() else "SELECT 1")
        duck.execute(macros.creation_sql(identifier))
        for template in self._database_metadata:
            duck.execute(template.replace("{database_literal}", literal(name)).replace("{database}", identifier))

    def create_database(self, name: str) -> None:
        """Create and attach a database."""
        with self.duck_conn.cursor() as duck:
            duck.execute(f"ATTACH {literal(str(self.database_file(name)))} AS {quoted(name)}")
            self.prepare_database(duck, name)

    def drop_database(self, name: str) -> None:
        """Detach a database and delete its file."""
        with self.duck_conn.cursor() as duck:
            duck.execute(f"DETACH {quoted(name)}")
        file = self.database_file(name)
        for path in (file, file.with_name(file.name + ".wal")):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write everything into the database files and let go of them."""
        for (name,) in self.duck_conn.execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL"
        ).fetchall():
            self.duck_conn.execute(f"CHECKPOINT {quoted(name)}")
        self.duck_conn.close()
