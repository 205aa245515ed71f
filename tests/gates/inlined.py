"""Is this Python safe to be inlined between $$ by schemachange, which parses it as Jinja first?"""

from __future__ import annotations

import re

# A procedure that is inlined below another one imports it in Python only.
IMPORT_OF_THE_OTHER = re.compile(r"# \{% endraw %\}\{% if false %\}\n.*?# \{% endif %\}\{% raw %\}\n", re.DOTALL)
FIRST, LAST = "# {% raw %}", "# {% endraw %}"


def problems(source: str) -> list[str]:
    """What would end the procedure's body early, or be taken for a template; empty when it arrives as it is."""
    text = IMPORT_OF_THE_OTHER.sub("", source)
    lines = text.splitlines()
    found = []
    if (lines[0], lines[-1]) != (FIRST, LAST):
        found.append(f"the first line is not {FIRST!r}, or the last is not {LAST!r}")
    body = "\n".join(lines[1:-1])
    found += [f"{sign} ends the body" for sign in ("$$",) if sign in text]
    found += [f"{sign} is Jinja" for sign in ("{%", "{{", "{#") if sign in body]
    return found


def code(source: str) -> list[str]:
    """The lines of a procedure's source without those that are for Jinja, for Python alone, or empty."""
    return [line for line in IMPORT_OF_THE_OTHER.sub("", source).splitlines()[1:-1] if line]
