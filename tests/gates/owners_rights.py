"""Does the source of a procedure keep to what Snowflake documents for owner's rights and for SnowflakeFile?

Read as a syntax tree. A procedure talks to Snowflake by `session.sql(…).collect()` and `SnowflakeFile.open` alone; the
statements that it sends are judged one by one, as kinds of the SQL gate (`LOAD`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

# What may be imported of Snowpark, by module.
IMPORTS = {"snowflake.snowpark": {"Row", "Session"}, "snowflake.snowpark.files": {"SnowflakeFile"}}
PURE = frozenset({"collections.abc", "datetime", "hashlib", "json", "math", "re", "typing", "uuid"})
# Of our own: schemachange leaves these imports out.
OURS = ("ingest.manifest_document", "snowflake.procedures.")


def problems(source: str) -> list[str]:
    """What is not documented as allowed, each with its line; empty when there is nothing of the kind."""
    return [f"line {line}: {what}" for line, what in sorted(_found(ast.parse(source)))]


def _found(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, f"imports {name.name}") for name in names if name.name not in PURE)
            case ast.ImportFrom(module=str(module), names=names) if not module.startswith(OURS) and module not in PURE:
                others = {name.name for name in names} - IMPORTS.get(module, set())
                yield from ((node.lineno, f"imports {name} of {module}") for name in others)
            case ast.Attribute(value=ast.Name(id="session"), attr=attribute) if attribute != "sql":
                yield node.lineno, f"uses session.{attribute}; expected session.sql alone"
            case ast.Attribute(value=ast.Name(id="SnowflakeFile"), attr=attribute) if attribute != "open":
                yield node.lineno, f"uses SnowflakeFile.{attribute}; expected SnowflakeFile.open alone"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="SnowflakeFile"), attr="open")):
                arguments = [ast.unparse(argument) for argument in node.args[1:]]
                arguments += [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords]
                if arguments != ["'rb'", "require_scoped_url=False"]:
                    yield node.lineno, f"opens a file with {', '.join(arguments)}"
