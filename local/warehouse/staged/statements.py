"""Which statements are about stages, file formats and staged files, and who runs them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.naming import ObjectName, read_name
from local.warehouse.results import StatementResult
from local.warehouse.staged import catalog, copy, formats, history_views, listing, options, select, shows, stages
from local.warehouse.staged.references import stage_tables, table_parts
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

_FILE_COMMANDS = ("PUT", "GET", "REMOVE", "RM")
_QUERIES = ("SELECT", "WITH", "INSERT", "MERGE", "CREATE")
# A query that may be on a stage or on the load history. What it only resembles runs on unchanged.
_ON_STAGE = re.compile(r"\b(?:FROM|JOIN|USING)\s+\(?\s*'?@|,\s*'?@", re.IGNORECASE)
_ON_HISTORY = re.compile(r"\bINFORMATION_SCHEMA\"?\s*\.\s*\"?(?:LOAD|COPY)_HISTORY\b", re.IGNORECASE)


def handles(statement: str) -> bool:
    """Whether `execute` is to run it; looks at the first words, and for queries at what follows FROM."""
    head = Statement(statement).head
    if not head:
        return False
    if head[:2] == ("COPY", "INTO") or head[0] in ("LIST", "LS", *_FILE_COMMANDS):
        return True
    if head[0] in ("SHOW", "DESC", "DESCRIBE", "DROP", "ALTER"):
        return _is_kind(head[2:] if head[1:2] == ("TERSE",) else head[1:])
    if head[0] == "CREATE" and _is_kind(_without_modifiers(head[1:])):
        return True
    return _may_be_query(head) and bool(_ON_STAGE.search(statement) or _ON_HISTORY.search(statement))


def _is_kind(words: tuple[str, ...]) -> bool:
    return words[:1] in (("STAGE",), ("STAGES",)) or words[:2] in (("FILE", "FORMAT"), ("FILE", "FORMATS"))


def _without_modifiers(words: tuple[str, ...]) -> tuple[str, ...]:
    """What CREATE creates: behind OR REPLACE, TEMPORARY and the like."""
    modifiers = ("OR", "REPLACE", "ALTER", "TEMPORARY", "TEMP", "TRANSIENT", "VOLATILE", "LOCAL", "GLOBAL")
    at = 0
    while at < len(words) and words[at] in modifiers:
        at += 1
    return words[at:]


def _may_be_query(head: tuple[str, ...]) -> bool:
    if head[0] == "CREATE":
        # The body of a procedure, a task or a view is not run now.
        return _without_modifiers(head[1:])[:1] == ("TABLE",)
    return head[0] in _QUERIES


def execute(cursor: WarehouseCursor, statement: str, params: Any) -> StatementResult | str:
    """Run a statement; a text is a statement without stages, to run on the normal path."""
    words = Statement(statement).head
    if words[0] in _FILE_COMMANDS:
        raise sql_error(
            f"{words[0]} is not supported by the local warehouse: files go into and out of stages through S3.",
            1003,
            "0A000",
        )
    if words[0] == "ALTER":
        return _alter(cursor, Statement(statement))
    if words[0] == "SHOW":
        return shows.show(cursor, options.parse_statement(statement))
    tree = options.parse_statement(statement)
    match tree:
        case exp.Copy():
            if not tree.args.get("kind"):
                raise options.unsupported("COPY INTO", "a location")
            return copy.copy_into(cursor, statement, tree, list(params) if isinstance(params, tuple) else params)
        case exp.ListStage():
            return listing.list_files(cursor, tree)
        case exp.Create() if str(tree.args.get("kind")).upper() in ("STAGE", "FILE FORMAT"):
            return _create(cursor, tree)
        case exp.Drop() if str(tree.args.get("kind")).upper() in ("STAGE", "FILE FORMAT"):
            drop = stages.drop if tree.args["kind"].upper() == "STAGE" else stages.drop_file_format
            return drop(cursor, _name(cursor, tree.args["tables"][0]), bool(tree.args.get("exists")))
        case exp.Describe() if str(tree.args.get("kind")).upper() in ("STAGE", "FILE FORMAT"):
            describe = stages.describe if tree.args["kind"].upper() == "STAGE" else formats.describe
            return describe(cursor, _name(cursor, tree.this))
        case exp.Command():
            raise sql_error(f"SQL compilation error:\nsyntax error in: {statement[:200]}", *SYNTAX_ERROR)
    is_changed = history_views.replace(cursor, tree)
    if stage_tables(tree):
        select.replace_stages(cursor, tree)
        is_changed = True
    return tree.sql(dialect="snowflake") if is_changed else statement


def _name(cursor: WarehouseCursor, table: exp.Table) -> ObjectName:
    return catalog.resolve(cursor, table_parts(table))


def _create(cursor: WarehouseCursor, tree: exp.Create) -> StatementResult:
    properties = tree.args.get("properties")
    given = list(properties.expressions) if properties else []
    temporary = [item for item in given if isinstance(item, exp.TemporaryProperty)]
    read = options.read(item for item in given if not isinstance(item, exp.TemporaryProperty))
    replace, exists = bool(tree.args.get("replace")), bool(tree.args.get("exists"))
    if replace and exists:
        raise sql_error("SQL compilation error:\noptions IF NOT EXISTS and OR REPLACE are incompatible.", *SYNTAX_ERROR)
    name = _name(cursor, tree.this)
    if tree.args["kind"].upper() == "STAGE":
        return stages.create(cursor, name, read, replace=replace, if_not_exists=exists, temporary=bool(temporary))
    return formats.create(cursor, name, read, replace=replace, if_not_exists=exists)


def _alter(cursor: WarehouseCursor, statement: Statement) -> StatementResult:
    """ALTER STAGE | FILE FORMAT [IF EXISTS] name SET options | RENAME TO name: sqlglot has no tree for it."""
    words = statement.words
    is_stage = words[1].upper == "STAGE"
    kind, at = ("STAGE", 2) if is_stage else ("FILE FORMAT", 3)
    if_exists = [word.upper for word in words[at : at + 2]] == ["IF", "EXISTS"]
    parts, at = read_name(words, at + 2 * if_exists)
    name = catalog.resolve(cursor, parts)
    if if_exists and not catalog.exists(cursor, kind, name):
        return StatementResult.status()
    action = [word.upper for word in words[at : at + 2]]
    if action == ["RENAME", "TO"]:
        new, _ = read_name(words, at + 2)
        return stages.rename(cursor, kind, name, catalog.resolve(cursor, new))
    if action[:1] != ["SET"]:
        raise sql_error(f"SQL compilation error:\nsyntax error in: {statement.text[:200]}", *SYNTAX_ERROR)
    # The options read as in CREATE.
    tree = options.parse_statement(f"CREATE {kind} x {statement.text[words[at].end :]}")
    properties = tree.args.get("properties")
    if not isinstance(tree, exp.Create) or properties is None:
        raise sql_error(f"SQL compilation error:\nsyntax error in: {statement.text[:200]}", *SYNTAX_ERROR)
    changes = options.read(properties.expressions)
    return (stages.alter if is_stage else formats.alter)(cursor, name, changes)
