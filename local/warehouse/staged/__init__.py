"""Stages, file formats, COPY INTO <table> and queries on staged files.

references   @database.schema.stage/path            options    NAME = value lists
stages       CREATE | ALTER | DROP | DESC STAGE     formats    CREATE | ALTER | DESC FILE FORMAT
objects      what lies in S3 or in a directory      listing    LIST, FILES and PATTERN
documents    bytes to JSON documents                source     files to a stream of rows
transform    $1, METADATA$, what COPY allows        target     the table and the SELECT of a COPY
scratch      rows on their way into the table       copy       COPY INTO
history      what was loaded before                 select     queries on stages
"""

from __future__ import annotations

from local.warehouse.staged.catalog import DATABASE_METADATA_SQL, METADATA_SQL
from local.warehouse.staged.history import forget_table, rename_table
from local.warehouse.staged.statements import execute, handles

__all__ = ["DATABASE_METADATA_SQL", "METADATA_SQL", "execute", "forget_table", "handles", "rename_table"]
