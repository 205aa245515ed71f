"""Statements that sqlglot has a tree for, rewritten so that DuckDB gives them Snowflake's meaning."""

from contextlib import suppress
from pathlib import Path

import fakesnow.transforms.stage

# fakesnow makes a temporary folder for internal stages when it is imported; ours are in the warehouse's directory.
with suppress(OSError):
    Path(fakesnow.transforms.stage.LOCAL_BUCKET_PATH).rmdir()
