"""The modules that bring statements of their own, in the order in which they are asked."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType


def load() -> tuple[ModuleType, ...]:
    """Modules as `local.warehouse.results` describes them."""
    if importlib.util.find_spec("local.warehouse.staged") is None:
        return ()
    module = importlib.import_module("local.warehouse.staged")
    return (module,) if hasattr(module, "handles") else ()
