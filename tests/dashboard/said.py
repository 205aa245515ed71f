"""What a page says, as text."""

from __future__ import annotations

import json
from typing import Any


def said(component: Any) -> str:
    """All text of a component tree."""
    return json.dumps(component, default=lambda part: part.to_plotly_json(), ensure_ascii=False)
