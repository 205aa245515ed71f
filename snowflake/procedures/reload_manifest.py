# {% raw %}
"""Handler of `raw.reload_manifest(manifest_key)`: removes what a manifest has loaded and loads it again, in one go.

    begin → the family's lock row → note and remove its rows and its ledger row → load as ever → commit

A refusal rolls all of it back, so what was loaded before is still there. A manifest that was never loaded is loaded.

schemachange inlines this file below load_manifest.py and what that stands on, whose names it uses: the imports of
snowflake.procedures are for Python alone.
"""

import json
from typing import Any

from snowflake.snowpark import Session

# isort: split
# {% endraw %}{% if false %}
from ingest.manifest_document import DATASETS, ManifestKey
from snowflake.procedures.load_manifest import load_unknown, transact
from snowflake.procedures.staged_objects import run
from snowflake.procedures.statements import in_ledger, literal

# {% endif %}{% raw %}


def reload(session: Session, manifest_key: str) -> dict[str, Any]:
    """Remove a manifest's rows and load it again.

    Returns:
        As `main`, with the status reloaded (or loaded, if the ledger did not have it), rows_removed (lines), and
        objects_changed: how many objects are not, byte for byte, those that were loaded before.

    Raises:
        Refusal: nothing was changed; the reason is in raw.load_rejects, unless the argument is not a manifest's key.
    """
    return transact(session, manifest_key, replace, "Nothing was changed; what was loaded of it before is still there.")


def replace(session: Session, key: ManifestKey) -> dict[str, Any]:
    """The steps between BEGIN and COMMIT, with the family's lock held."""
    before = loaded_objects(session, key)
    statements = [*(delete_rows(dataset, key) for dataset in DATASETS[key.family]), delete_from_ledger(key)]
    removed = [int(run(session, statement)[0][0]) for statement in statements]
    result = load_unknown(session, key)
    after = loaded_objects(session, key)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return result | {
        "status": "reloaded" if removed[-1] else "loaded",
        "rows_removed": sum(removed[:-1]),
        "objects_changed": len(changed) if removed[-1] else 0,
    }


def loaded_objects(session: Session, key: ManifestKey) -> dict[str, Any]:
    """What the ledger has of each object, by key: bytes, rows and sha256."""
    rows = run(session, select_objects(key))
    return {entry["key"]: entry for row in rows for entry in json.loads(row[0])}


def select_objects(key: ManifestKey) -> str:
    """The objects of a manifest in the ledger."""
    return f"select objects from raw.load_ledger where {in_ledger(key)}"


def delete_rows(dataset: str, key: ManifestKey) -> str:
    """Remove the rows of a manifest from a raw table, which is of one family."""
    return f"delete from raw.{dataset} where manifest_id = {literal(key.manifest_id)}"


def delete_from_ledger(key: ManifestKey) -> str:
    """Forget that a manifest was loaded."""
    return f"delete from raw.load_ledger where {in_ledger(key)}"


# {% endraw %}
