"""What stands between a stage and a table: `$1`, METADATA$ columns, and what COPY allows in its SELECT."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from local.warehouse.errors import sql_error
from local.warehouse.staged.formats import FileFormat, JsonFormat
from local.warehouse.staged.references import is_stage

DOCUMENT = "$1"
# Column of a staged file's relation to DuckDB's type.
METADATA = {
    "METADATA$FILENAME": "VARCHAR",
    "METADATA$FILE_ROW_NUMBER": "BIGINT",
    "METADATA$FILE_CONTENT_KEY": "VARCHAR",
    "METADATA$FILE_LAST_MODIFIED": "TIMESTAMP",
    "METADATA$START_SCAN_TIME": "TIMESTAMP WITH TIME ZONE",
}

# docs.snowflake.com/en/user-guide/data-load-transform, "Supported functions".
_SUPPORTED = """
    ARRAY_CONSTRUCT ARRAY_SIZE ASCII CASE CAST CEIL CHECK_JSON CHECK_XML CHR CHAR CONCAT CONVERT_TIMEZONE ENDSWITH
    EQUAL_NULL FLOOR GET GET_PATH HEX_DECODE_STRING HEX_ENCODE IFF IFNULL ILIKE IN IS_ARRAY IS_BOOLEAN IS_DECIMAL
    IS_INTEGER IS_NULL_VALUE IS_OBJECT IS_TIME IS_TIMESTAMP_LTZ IS_TIMESTAMP_NTZ IS_TIMESTAMP_TZ LENGTH LEN LIKE LPAD
    LTRIM MD5 MD5_HEX NULLIF NVL NVL2 OBJECT_CONSTRUCT PARSE_IP PARSE_JSON PARSE_URL PARSE_XML RANDOM REGEXP_REPLACE
    REGEXP_SUBSTR REPLACE REVERSE RPAD RTRIM SPLIT SPLIT_PART STARTSWITH SUBSTR SUBSTRING TO_ARRAY TO_BINARY
    TO_BOOLEAN TO_CHAR TO_VARCHAR TO_DATE DATE TO_DECFLOAT TO_DECIMAL TO_NUMBER TO_NUMERIC TO_DOUBLE TO_OBJECT
    TO_TIME TIME TO_TIMESTAMP TO_TIMESTAMP_LTZ TO_TIMESTAMP_NTZ TO_TIMESTAMP_TZ TO_VARIANT TRIM TRY_CAST
    TRY_HEX_DECODE_STRING TRY_TO_BINARY TRY_TO_BOOLEAN TRY_TO_DATE TRY_TO_DECFLOAT TRY_TO_DECIMAL TRY_TO_NUMBER
    TRY_TO_NUMERIC TRY_TO_DOUBLE TRY_TO_TIME UNICODE UUID_STRING XMLGET
"""
_FUNCTIONS = frozenset(_SUPPORTED.split())
# Words that may stand before a parenthesis without being functions.
_NO_FUNCTIONS = frozenset(
    ("SELECT", "FROM", "AND", "OR", "NOT", "WHEN", "THEN", "ELSE", "BETWEEN", "IS", "AS", "ESCAPE", "ANY", "ALL")
)
# Functions that are written without parentheses.
_BARE = frozenset(
    ("CURRENT_TIMESTAMP", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_USER", "CURRENT_ROLE", "LOCALTIME", "LOCALTIMESTAMP")
)
_CLAUSES = {
    "with_": "WITH",
    "distinct": "DISTINCT",
    "joins": "JOIN",
    "laterals": "FLATTEN",
    "where": "WHERE",
    "group": "GROUP BY",
    "having": "HAVING",
    "qualify": "QUALIFY",
    "windows": "WINDOW",
    "order": "ORDER BY",
    "limit": "LIMIT",
    "offset": "OFFSET",
}


def _refuse(what: str) -> Exception:
    return sql_error(
        "SQL compilation error:\nCOPY statement only supports simple SELECT from stage statements for import; "
        f"{what} is not allowed.",
        1003,
        "0A000",
    )


def check(select: exp.Expr, text: str, user_functions: Callable[[], set[str]]) -> None:
    """Refuse what Snowflake does not allow between a stage and a table.

    `text` is the SELECT as written: sqlglot's tree no longer tells NVL from COALESCE. `user_functions` gives the
    names of scalar SQL functions, which are allowed.
    """
    if not isinstance(select, exp.Select):
        raise _refuse("a set operation")
    for argument, name in _CLAUSES.items():
        if select.args.get(argument):
            raise _refuse(name)
    source = select.args.get("from_")
    if source is None or not is_stage(source.this):
        raise _refuse("a FROM that is not a stage")
    if any(node is not select for node in select.find_all(exp.Query)):
        raise _refuse("a subquery")
    if any(isinstance(item, exp.Star) or item.find(exp.Star) for item in select.expressions):
        raise _refuse("*")
    for name in _functions(text):
        if name not in _FUNCTIONS and name not in user_functions():
            raise sql_error(
                f"SQL compilation error:\nFunction '{name}' is not supported in the SELECT of a COPY statement.",
                2140,
                "42601",
            )


def _functions(text: str) -> Iterator[str]:
    """Names of the functions that a SELECT calls, in upper case, up to its FROM."""
    tokens = list(sqlglot.tokenize(text, read="snowflake"))
    for at, token in enumerate(tokens):
        if token.token_type == TokenType.FROM and _depth(tokens[:at]) == 0:
            return
        before = tokens[at - 1].token_type if at else None
        after = tokens[at + 1].token_type if at + 1 < len(tokens) else None
        name = token.text.upper()
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) or not name[:1].isalpha():
            continue
        if before in (TokenType.COLON, TokenType.DOT, TokenType.DCOLON, TokenType.ALIAS):
            # A key of a path, a column or a schema's function, a type.
            continue
        if name in _BARE or (after == TokenType.L_PAREN and name not in _NO_FUNCTIONS):
            yield name


def _depth(tokens: Sequence[Token]) -> int:
    return sum((t.token_type == TokenType.L_PAREN) - (t.token_type == TokenType.R_PAREN) for t in tokens)


def columns_of_stages(tree: exp.Expr, format_of: Callable[[exp.Table], FileFormat]) -> None:
    """Turn `$1` and METADATA$ names that come from a stage into quoted columns, in place.

    JSON files have one column, so any other `$n` is NULL, as in Snowflake; of CSV files `$n` is a field of the line.
    """
    for select in list(tree.find_all(exp.Select)):
        found = [table for table in _sources(select) if isinstance(table, exp.Table) and is_stage(table)]
        if not found:
            continue
        aliases = {table.alias.upper(): format_of(table) for table in found}
        for node in list(select.find_all(exp.Parameter, exp.Column)):
            nearest = node.find_ancestor(exp.Select)
            if nearest is select or not _has_stage(nearest):
                _replace(node, aliases)


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    source = select.args.get("from_")
    if source is not None:
        yield source.this
    for join in select.args.get("joins") or []:
        yield join.this


def _has_stage(select: exp.Expr | None) -> bool:
    return isinstance(select, exp.Select) and any(is_stage(table) for table in _sources(select))


def _replace(node: exp.Expr, aliases: Mapping[str, FileFormat]) -> None:
    if isinstance(node, exp.Parameter):
        if isinstance(node.parent, exp.Column) or not isinstance(node.this, exp.Literal):
            return
        if len(aliases) > 1:
            raise sql_error(
                f"SQL compilation error:\nambiguous column name '${node.this.name}': write alias.${node.this.name}",
                904,
                "42000",
            )
        (file_format,) = aliases.values()
        node.replace(_column(int(node.this.name), None, file_format))
        return
    qualifier = node.args.get("table")
    if qualifier is not None and qualifier.name.upper() not in aliases:
        return
    if isinstance(node.this, exp.Parameter) and isinstance(node.this.this, exp.Literal):
        file_format = aliases[qualifier.name.upper() if qualifier is not None else next(iter(aliases))]
        node.replace(_column(int(node.this.this.name), qualifier, file_format))
    elif isinstance(node.this, exp.Identifier) and node.name.upper() in METADATA:
        node.set("this", exp.to_identifier(node.name.upper(), quoted=True))


def _column(number: int, qualifier: exp.Expr | None, file_format: FileFormat) -> exp.Expr:
    if number != 1 and isinstance(file_format, JsonFormat):
        return exp.Null()
    column = exp.column(exp.to_identifier(DOCUMENT, quoted=True))
    if qualifier is not None:
        column.set("table", qualifier.copy())
    if isinstance(file_format, JsonFormat):
        return column
    fields = [column, exp.Literal.string(file_format.field_delimiter), exp.Literal.number(number)]
    return exp.Nullif(this=exp.Anonymous(this="SPLIT_PART", expressions=fields), expression=exp.Literal.string(""))


def extract_once(select: exp.Select) -> exp.Select:
    """Parse each document once: a DuckDB SELECT that follows paths in `$1` gets all of them from one call.

    `"$1" -> '$.a', "$1" ->> '$.b'` becomes `_p[1], _p[2] ->> '$'` over a subquery with `json_extract("$1", [paths])`.
    """
    uses = [
        node
        for node in select.find_all(exp.JSONExtract, exp.JSONExtractScalar)
        if isinstance(node.this, exp.Column) and node.this.name == DOCUMENT and _path(node)
    ]
    paths = list(dict.fromkeys(_path(node) for node in uses))
    if len(paths) < 2:
        return select
    for node in uses:
        position = exp.Literal.number(paths.index(_path(node)) + 1)
        part: exp.Expr = exp.Anonymous(this="list_extract", expressions=[exp.column("_p"), position])
        if isinstance(node, exp.JSONExtractScalar):
            root = exp.JSONPath(expressions=[exp.JSONPathRoot()])
            part = exp.Paren(this=exp.JSONExtractScalar(this=part, expression=root))
        node.replace(part)
    source = select.args["from_"].this
    plain = source.copy()
    plain.set("alias", None)
    document = exp.column(exp.to_identifier(DOCUMENT, quoted=True))
    wanted = exp.Array(expressions=[exp.Literal.string(path) for path in paths])
    parsed = exp.Anonymous(this="json_extract", expressions=[document, wanted])
    inner = exp.select("*", exp.alias_(parsed, "_p")).from_(plain)
    select.args["from_"].set("this", inner.subquery(source.alias or "_s"))
    return select


def _path(node: exp.Expr) -> str:
    """The path of an extraction as DuckDB reads it; empty when it is not a plain one."""
    path = node.expression
    if not isinstance(path, exp.JSONPath) or path.find(exp.JSONPathWildcard):
        return ""
    rendered = path.sql(dialect="duckdb")
    return rendered.strip("'").replace("''", "'")
