"""Comments on tables, views and columns: DuckDB keeps them in its catalog, INFORMATION_SCHEMA reads them there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.naming import ObjectName, literal, quoted, read_name
from local.warehouse.results import StatementResult
from local.warehouse.sql.names import object_name
from local.warehouse.statement import Statement

if TYPE_CHECKING:
    from local.warehouse.session import Session


def write(session: Session, name: ObjectName, kind: str, comment: str | None, columns: Mapping[str, str]) -> None:
    """Set the comment of a table or view (None: leave it) and of columns."""
    if name in session.temporary:
        return
    if comment is not None:
        session.duck.execute(f"COMMENT ON {kind} {name.sql} IS {literal(comment)}")
    # dbt says all of them after every build, and each is a transaction of its own.
    written = _of_columns(session, name) if len(columns) > 1 else {}
    for column, text in columns.items():
        if written.get(column) != text:
            session.duck.execute(f"COMMENT ON COLUMN {name.sql}.{quoted(column)} IS {literal(text)}")


def _of_columns(session: Session, name: ObjectName) -> dict[str, str | None]:
    sql = "SELECT column_name, comment FROM duckdb_columns() WHERE (database_name, schema_name, table_name) = (?, ?, ?)"
    return dict(session.duck.execute(sql, list(name)).fetchall())


def take_from(create: exp.Create) -> tuple[str | None, dict[str, str]]:
    """Cut the comments out of a CREATE statement: the object's own, and those of its columns."""
    comment: str | None = None
    for item in list(create.find_all(exp.SchemaCommentProperty)):
        comment = item.this.name
        item.pop()
    return comment, take_from_columns(create.this.expressions if isinstance(create.this, exp.Schema) else ())


def take_from_columns(definitions: Iterable[exp.Expr]) -> dict[str, str]:
    """Cut the comments out of column definitions: by the column's name."""
    columns: dict[str, str] = {}
    for column in definitions:
        for constraint in list(column.args.get("constraints") or []):
            if isinstance(constraint.kind, exp.CommentColumnConstraint):
                name = column.this.name if column.this.args.get("quoted") else column.this.name.upper()
                columns[name] = constraint.kind.this.name
                constraint.pop()
    return columns


def comment_on(session: Session, expression: exp.Comment) -> StatementResult:
    """COMMENT [IF EXISTS] ON kind name IS '…'. Comments on what is neither table, view nor column are dropped."""
    kind = expression.args["kind"].upper()
    text = expression.expression.name
    if kind == "COLUMN":
        parts = [p.name if p.args.get("quoted") else p.name.upper() for p in expression.this.parts]
        write(session, session.resolve(parts[:-1]), "TABLE", None, {parts[-1]: text})
    elif kind in ("TABLE", "VIEW"):
        write(session, object_name(session, expression.this), kind, text, {})
    return StatementResult.status()


def is_alter_column_comment(statement: Statement) -> bool:
    """`ALTER TABLE | VIEW name ALTER | MODIFY [COLUMN] column COMMENT '…' [, …]`, which sqlglot has no tree for."""
    if not (statement.starts("ALTER", "TABLE") or statement.starts("ALTER", "VIEW")):
        return False
    words = statement.words
    if any(word.upper == "ADD" for word in words[3:7]):
        return False
    return any(word.upper == "COMMENT" and text.is_string for word, text in pairwise(words))


def alter_column_comments(session: Session, statement: Statement) -> StatementResult:
    """Set the comments of several columns."""
    words = statement.words
    if_exists = [w.upper for w in words[2:4]] == ["IF", "EXISTS"]
    parts, at = read_name(words, 2 + 2 * if_exists)
    columns: dict[str, str] = {}
    while at < len(words):
        if words[at].upper in ("ALTER", "MODIFY", "COLUMN", ",", "(", ")", "SET"):
            at += 1
        elif at + 2 < len(words) and words[at + 1].upper == "COMMENT" and words[at + 2].is_string:
            columns[words[at].name] = words[at + 2].text
            at += 3
        elif words[at].upper == "COMMENT" and words[at + 1 :][:1] and words[at + 1].upper == "=":
            write(session, session.resolve(parts), words[1].upper, words[at + 2].text, {})
            at += 3
        else:
            raise sql_error(f"SQL compilation error:\nunexpected '{words[at].text}'", *SYNTAX_ERROR)
    write(session, session.resolve(parts), words[1].upper, None, columns)
    return StatementResult.status()
