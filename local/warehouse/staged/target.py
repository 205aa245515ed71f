"""The table that a COPY writes, and the SELECT that makes its rows out of documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType

from local.warehouse.errors import NOT_FOUND, SYNTAX_ERROR, sql_error
from local.warehouse.naming import ObjectName, quoted
from local.warehouse.sql.names import temporary_table
from local.warehouse.staged import catalog, transform
from local.warehouse.staged.formats import FileFormat
from local.warehouse.staged.references import stage_tables, table_parts
from local.warehouse.staged.scratch import RELATION, Column, with_position

if TYPE_CHECKING:
    from local.warehouse.cursor import WarehouseCursor

_SEMI_STRUCTURED = ("JSON",)


@dataclass(frozen=True)
class Target:
    """The table by name and as SQL, and the columns that get values, in the order of the values."""

    name: ObjectName
    sql: str
    columns: tuple[Column, ...]
    is_temporary: bool

    @property
    def column_list(self) -> str:
        """The columns as in INSERT."""
        return ", ".join(quoted(column.name) for column in self.columns)


def find(cursor: WarehouseCursor, tree: exp.Copy) -> Target:
    """The table of a COPY. Raises when it or one of the named columns does not exist."""
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    name = catalog.resolve(cursor, table_parts(table))
    is_temporary = name in cursor.session.temporary
    place = ("temp", "main", str(name)) if is_temporary else tuple(name)
    rows = cursor.duck.execute(
        """SELECT column_name, data_type, is_nullable FROM duckdb_columns()
           WHERE (database_name, schema_name, table_name) = (?, ?, ?) ORDER BY column_index""",
        list(place),
    ).fetchall()
    if not rows:
        raise sql_error(f"SQL compilation error:\nTable '{name}' does not exist or not authorized.", *NOT_FOUND)
    present = {row[0]: Column(*row) for row in rows}
    sql = temporary_table(name).sql(dialect="duckdb") if is_temporary else name.sql
    if not isinstance(tree.this, exp.Schema):
        return Target(name, sql, tuple(present.values()), is_temporary)
    wanted = [c.name if c.args.get("quoted") else c.name.upper() for c in tree.this.expressions]
    for column in wanted:
        if column not in present:
            raise sql_error(f"SQL compilation error:\ninvalid identifier '{column}'", 904, "42000")
    if len(set(wanted)) != len(wanted):
        raise sql_error("SQL compilation error:\nduplicate column name in the column list", *SYNTAX_ERROR)
    return Target(name, sql, tuple(present[column] for column in wanted), is_temporary)


def whole_document(target: Target) -> exp.Select:
    """The SELECT of a COPY without one: the document into the only column, which must be a VARIANT."""
    if len(target.columns) != 1 or target.columns[0].kind not in _SEMI_STRUCTURED:
        raise sql_error(
            "SQL compilation error:\nJSON file format can produce one and only one column of variant, object, or array "
            "type. Load data into separate columns using the MATCH_BY_COLUMN_NAME copy option or copy with transform.",
            2019,
            "0A000",
        )
    document = exp.column(exp.to_identifier(transform.DOCUMENT, quoted=True))
    return with_position(exp.select(document).from_(exp.to_table(RELATION)))


def transformation(
    cursor: WarehouseCursor, target: Target, select: exp.Expr, statement: str, params: Any, file_format: FileFormat
) -> exp.Select:
    """The SELECT of a COPY in DuckDB's dialect, reading from the scratch's relation."""
    transform.check(select, select_text(statement), lambda: user_functions(cursor))
    assert isinstance(select, exp.Select)
    if len(select.expressions) != len(target.columns):
        raise sql_error(
            "SQL compilation error:\nInsert value list does not match column list expecting "
            f"{len(target.columns)} but got {len(select.expressions)}",
            2057,
            "42601",
        )
    (stage,) = stage_tables(select)
    transform.columns_of_stages(select, lambda _: file_format)
    source = exp.to_table(RELATION)
    if stage.alias:
        source.set("alias", exp.TableAlias(this=stage.args["alias"].this.copy()))
    stage.replace(source)
    (translated,) = cursor.translate(with_position(select), params)
    assert isinstance(translated, exp.Select)
    return transform.extract_once(translated)


def reads_paths(select: exp.Select) -> bool:
    """Whether DuckDB parses every document for this SELECT, and so notices the ones that are not JSON."""
    paths = select.find_all(exp.JSONExtract, exp.JSONExtractScalar)
    if any(not path.find_ancestor(exp.Case, exp.If) for path in paths):
        return True
    return any(call.name == "json_extract" for call in select.find_all(exp.Anonymous))


def user_functions(cursor: WarehouseCursor) -> set[str]:
    """Names of scalar SQL functions that were created, in upper case."""
    rows = cursor.duck.execute(
        "SELECT DISTINCT upper(function_name) FROM duckdb_functions() WHERE NOT internal AND function_type = 'macro'"
    ).fetchall()
    return {name for (name,) in rows if not name.startswith("_FS_")}


def select_text(statement: str) -> str:
    """The SELECT of a COPY as it was written: what stands in parentheses behind the first FROM."""
    tokens = list(sqlglot.tokenize(statement, read="snowflake"))
    for at, token in enumerate(tokens[:-1]):
        if token.token_type == TokenType.FROM and tokens[at + 1].token_type == TokenType.L_PAREN:
            depth = 0
            for closing in tokens[at + 1 :]:
                depth += (closing.token_type == TokenType.L_PAREN) - (closing.token_type == TokenType.R_PAREN)
                if not depth:
                    return statement[tokens[at + 1].end + 1 : closing.start]
    return ""
