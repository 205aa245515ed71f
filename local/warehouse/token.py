"""The token of one start: what clients of the local warehouse sign in with, as the password of any user."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

# A command line is visible to every user of a machine, an environment isn't.
VARIABLE = "SNOWTAPE_WAREHOUSE_TOKEN"


def new_token() -> str:
    """A random one."""
    return secrets.token_urlsafe(32)


def kept_token(directory: Path) -> str:
    """The token that the environment names, else a new one; written to the directory's `token` for its owner alone."""
    token = os.environ.get(VARIABLE) or new_token()
    path = directory / "token"
    path.unlink(missing_ok=True)
    # Created with its final mode: at no moment may others read it.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
    return token


def read_token(directory: Path) -> str:
    """The token of the warehouse that runs on this directory."""
    return (directory / "token").read_text()
