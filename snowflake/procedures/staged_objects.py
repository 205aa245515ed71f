# {% raw %}
"""What lies in the store under a manifest's key and under those that it names, held against what it says."""

import hashlib
from typing import Any

from snowflake.snowpark import Row, Session
from snowflake.snowpark.files import SnowflakeFile

# isort: split
# {% endraw %}{% if false %}
from snowflake.procedures.manifest import Manifest, ManifestKey, RawObject, Refusal, parse_manifest
from snowflake.procedures.statements import list_folder, one_line, select_manifest

# {% endif %}{% raw %}

OBJECT_KEY_PARTS = 5
CHUNK_BYTES = 4 << 20


def run(session: Session, statement: str) -> list[Row]:
    """Run one statement on the caller's session."""
    return session.sql(statement).collect()


def stage_key(name: Any) -> str:
    """The key relative to the stage, of an object's name in LIST, COPY or METADATA (these add bucket and prefix)."""
    return "/".join(str(name).split("/")[-OBJECT_KEY_PARTS:])


def read_manifest(session: Session, key: ManifestKey) -> Manifest:
    """The manifest, checked. A path on a stage is a prefix: other files that begin like it are passed over."""
    try:
        rows = run(session, select_manifest(key))
    except Exception as error:
        raise Refusal(f"it cannot be read: {one_line(error)}") from None
    documents = [row[1] for row in rows if row[0] == key.text or str(row[0]).endswith("/" + key.text)]
    if len(documents) != 1:
        raise Refusal("it is missing" if not documents else f"it holds {len(documents)} documents, not one")
    return parse_manifest(key, documents[0])


def check_objects(session: Session, manifest: Manifest) -> dict[str, str]:
    """Etag of every object by key; raises a Refusal for one that is missing, or has another size or sha256."""
    staged: dict[str, tuple[int, str]] = {}
    for folder in sorted({item.folder for item in manifest.objects}):
        for row in run(session, list_folder(folder)):
            staged[stage_key(row[0])] = (int(row[1]), str(row[2]))
    for item in manifest.objects:
        if item.key not in staged:
            raise Refusal(f"object {item.key} is missing")
        size = staged[item.key][0]
        if size != item.size:
            raise Refusal(f"object {item.key} has {size} bytes, the manifest says {item.size}")
    # Only once all are there: reading them is what takes time.
    for item in manifest.objects:
        check_sha256(item)
    return {key: etag for key, (_, etag) in staged.items()}


def check_sha256(item: RawObject) -> None:
    """Read an object to its end; raises a Refusal when its bytes are not those that the ingest has landed."""
    digest = hashlib.sha256()
    try:
        # The key has passed the manifest's checks; an owner's stage has no URL that the caller could scope.
        with SnowflakeFile.open(f"@raw.landing/{item.key}", "rb", require_scoped_url=False) as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(bytes(chunk))
    except Exception as error:
        raise Refusal(f"object {item.key} cannot be read: {one_line(error)}") from None
    if digest.hexdigest() != item.sha256:
        raise Refusal(f"object {item.key} has the sha256 {digest.hexdigest()}, the manifest says {item.sha256}")


# {% endraw %}
