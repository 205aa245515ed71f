# {% raw %}
"""What is in the store under a manifest's key and under those that it names, held against what it says.

Everything is read through SnowflakeFile: LIST is not for owner's rights procedures (docs/snowflake-statements.md).
"""

import hashlib
from typing import Any, NamedTuple

from snowflake.snowpark import Row, Session
from snowflake.snowpark.files import SnowflakeFile

# isort: split
# {% endraw %}{% if false %}
from ingest.manifest_document import MAX_BYTES, ManifestDocument, ManifestKey, RawObject, Refusal, parse_manifest
from snowflake.procedures.statements import one_line, select_content_keys

# {% endif %}{% raw %}

OBJECT_KEY_PARTS = 5
CHUNK_BYTES = 4 << 20
OBJECTS_A_SELECT = 100


class Digests(NamedTuple):
    """Of the bytes of an object; `size` counts them."""

    size: int
    sha256: str
    md5: str


def run(session: Session, statement: str) -> list[Row]:
    """Run one statement on the caller's session."""
    return session.sql(statement).collect()


def stage_key(name: Any) -> str:
    """The key relative to the stage, of an object's name in COPY or METADATA (these add bucket and prefix)."""
    return "/".join(str(name).split("/")[-OBJECT_KEY_PARTS:])


def open_file(key: str) -> Any:
    """A stream of the bytes under a key that has passed the manifest's checks.

    Not a scoped URL: the stage is the owner's, and its callers have no right on it that one could carry.
    """
    return SnowflakeFile.open(f"@raw.landing/{key}", "rb", require_scoped_url=False)


def read_manifest(key: ManifestKey) -> ManifestDocument:
    """The manifest, checked."""
    try:
        with open_file(key.text) as file:
            body = bytes(file.read(MAX_BYTES + 1))
    except Exception as error:
        raise Refusal(f"it cannot be read: {one_line(error)}") from None
    return parse_manifest(key, body)


def check_object(item: RawObject) -> str:
    """The md5 of an object; raises a Refusal unless it is, byte for byte, the one that the ingest has landed."""
    found = digests(item.key)
    if found.size != item.size:
        raise Refusal(f"object {item.key} has {found.size} bytes; expected {item.size} by the manifest")
    if found.sha256 != item.sha256:
        raise Refusal(f"object {item.key} has the sha256 {found.sha256}; expected {item.sha256} by the manifest")
    return found.md5


def digests(key: str) -> Digests:
    """Read an object to its end; raises a Refusal where that fails."""
    size, sha256, md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    try:
        with open_file(key) as file:
            while chunk := file.read(CHUNK_BYTES):
                size += len(chunk)
                sha256.update(chunk)
                md5.update(chunk)
    except Exception as error:
        raise Refusal(f"object {key} cannot be read: {one_line(error)}") from None
    return Digests(size, sha256.hexdigest(), md5.hexdigest())


def check_unchanged(session: Session, items: list[RawObject], copied: dict[str, tuple[Any, Any]]) -> dict[str, str]:
    """Why COPY has not read the bytes of these objects that were checked before it, by key; their checksums as COPY met
    them were not the md5 of those.

    Args:
        copied: the least and the greatest of the checksums (METADATA$FILE_CONTENT_KEY) of each object's rows.

    Snowflake documents the checksum and not its kind. Where it is the md5, as for objects that were put in one piece
    without KMS, it says all by itself. Else the object that is there now must be the checked one, and have the checksum
    that COPY met.
    """
    reasons: dict[str, str] = {}
    for start in range(0, len(items), OBJECTS_A_SELECT):
        some = items[start : start + OBJECTS_A_SELECT]
        for item in some:
            try:
                check_object(item)
            except Refusal as refusal:
                reasons[item.key] = str(refusal)
        rows = run(session, select_content_keys(some))
        now = {stage_key(row[0]): row[1] for row in rows}
        for item in some:
            if copied[item.key] != (now.get(item.key),) * 2:
                reasons.setdefault(item.key, f"object {item.key} was replaced between its check and COPY")
    return reasons


# {% endraw %}
