"""Finds secrets in files: keys by their form, and values given to names that are secrets.

A value that is looked up (`${{ secrets.X }}`, `{{ env_var(...) }}`, `$VARIABLE`, `<% name %>`), that is empty, or that
says of itself that it is none, is no secret.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.gates.gate import Finding

FORMS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b",
    "a Slack address": r"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/\w+",
    "a token (JWT)": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{15,}",
    "a password in a URL": r"\b[a-z][a-z0-9+]*://[^\s/:@\"'${}<>]+:(?!password@|secret@)[^\s/:@\"'${}<>]{3,}@",
}
# name: value, name = value, "name": "value"; in Python and SQL only quoted values are text.
NAMES = r"[\w-]*(?:password|passwd|passphrase|secret|token|api_?key|access_key|private_key|webhook_url|fernet_key)"
ASSIGNED = re.compile(rf"(?i)(?<![\w$])[\"']?({NAMES})[\"']?\s*(?::(?!:)|=(?!=))\s*(.+?)\s*,?\s*$")
NO_SECRET = re.compile(
    r"""(?ix)^["']?(?:
        $ | \$ | \{\{ | <%? | \#                 # nothing, or looked up somewhere else
        | (?:null|none|true|false|~|optional|required|write|read)\b
        | (?:password|token|private_key\w*)["']   # the name of an option
        | (?:unused|not-a-secret|example|placeholder)\b
        | !|/run/secrets/|/[\w./-]+$              # a file that holds it
    )"""
)
CHECKED = {
    ".yml",
    ".yaml",
    ".toml",
    ".json",
    ".env",
    ".example",
    ".cfg",
    ".ini",
    ".sh",
    ".sql",
    ".txt",
    ".md",
    ".py",
    "",
}


def secrets_in(name: str, text: str) -> list[Finding]:
    """What looks like a secret in a file's text."""
    return list(_findings(name, text))


def repository_files(repository: Path) -> dict[str, str]:
    """Text of every file that git has or would take, by its path; locks of packages and pictures are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=repository, capture_output=True, text=True, check=True,
    )  # fmt: skip
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = repository / name
        if path.is_file() and not re.fullmatch(r"requirements(\.txt|/\w+\.txt)", name):
            data = path.read_bytes()
            if b"\0" not in data:
                texts[name] = data.decode(errors="replace")
    return texts


def _findings(name: str, text: str) -> Iterator[Finding]:
    assigned = Path(name).suffix in CHECKED
    for number, line in enumerate(text.splitlines(), 1):
        for what, form in FORMS.items():
            if re.search(form, line):
                yield Finding(name, number, "secret", f"{what} stands in the repository")
        match = ASSIGNED.search(line) if assigned else None
        if match and not NO_SECRET.match(match[2]) and _is_text(name, match[2]):
            yield Finding(name, number, "secret", f"{match[1]} has a value; a secret comes from the environment")


def _is_text(name: str, value: str) -> bool:
    """In code and prose a name is followed by many things; there only a quoted word, or a long one, is a value."""
    suffix = Path(name).suffix
    quoted = r"[\"'][^\"'\s$<{]{3,}[\"'][,;)}\]]*"
    if suffix in (".yml", ".yaml", ".env", ".example", ".ini", ".cfg"):
        return bool(re.fullmatch(r"[\"'].*|\S+(\s+#.*)?", value))
    if suffix == ".py":  # what is only true of the stand-ins and of tests is no secret
        return bool(re.fullmatch(quoted, value)) and not name.startswith(("tests/", "local/"))
    return bool(re.fullmatch(rf"{quoted}|[^\s\"'$<{{(`|*]{{8,}}", value)) and suffix != ".md"
