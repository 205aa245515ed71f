"""LATERAL FLATTEN as one UNNEST of the JSON path's elements, in bounded memory and in one pass over each element.

fakesnow's macro hashes and copies the whole input for every element; a grouped response of 10,000 bars makes that
hopeless. Here

- the response is parsed once, and DuckDB turns the lateral join into a plain UNNEST operator;
- only the columns of FLATTEN that the statement uses are computed;
- members of the elements that the statement casts (`f.value:T::varchar`) are taken out together, see `_Members`;
- the rows with the documents go through in portions of about a megabyte, see `_portion`.
"""

from __future__ import annotations

from collections import Counter

from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.sql.functions import macro

_COLUMNS = ("SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS")
_PORTION = "_PORTION"
_UNNESTED = {"VALUE": "elements", "KEY": "element_keys", "INDEX": "element_numbers", "PATH": "element_paths"}


def rewrite(expression: exp.Expr) -> exp.Expr:
    """Replace every FLATTEN in a tree, in place."""
    calls = [c for c in expression.find_all(exp.Lateral, exp.TableFromRows) if isinstance(c.this, exp.Explode)]
    for call in calls:
        _replace(call, call.this)
    if calls:
        _inline_once_used(expression)
    return expression


def _inline_once_used(expression: exp.Expr) -> None:
    """Under a lateral join DuckDB would store a common table expression, documents and all, even if used once."""
    uses = Counter(table.name.upper() for table in expression.find_all(exp.Table) if not table.db)
    for cte in expression.find_all(exp.CTE):
        if uses[cte.alias.upper()] == 1:
            cte.set("materialized", False)


def _replace(call: exp.Expr, explode: exp.Explode) -> None:
    options = _options(explode)
    alias = call.args.get("alias")
    name = alias.this.copy() if alias and alias.this else exp.to_identifier("_flatten")
    base, path = _base_and_path(options["INPUT"])
    if "PATH" in options:
        path += "." + options["PATH"].name
    join = call.parent
    select = call.find_ancestor(exp.Select)
    used = _used(select, name.name)
    # LEFT JOIN LATERAL keeps rows without elements too.
    keeps_empty = _is_true(options.get("OUTER")) or (isinstance(join, exp.Join) and join.side == "LEFT")
    if select is not None and not keeps_empty:
        _portion(select, base)
    members = None
    if select is not None and not _has_star(select) and isinstance(join, exp.Join):
        members = _Members.take_from(select, name.name)
    lateral = exp.Lateral(
        this=exp.Subquery(this=exp.Select(expressions=_projections(base, path, used, keeps_empty))),
        alias=exp.TableAlias(this=name),
    )
    if isinstance(join, exp.Join) and (not join.args.get("on") or _is_true(join.args["on"])):
        # DuckDB turns a cross join with UNNEST into one operator; any other join keeps the documents twice.
        for part in ("side", "on", "method"):
            join.set(part, None)
        join.set("kind", "CROSS")
    call.replace(lateral)
    if members and select is not None:
        joins = select.args["joins"]
        joins.insert(joins.index(join) + 1, exp.Join(this=members.lateral(), kind="CROSS"))
        select.set("joins", joins)


def _projections(base: exp.Expr, path: str, used: set[str], keeps_empty: bool) -> list[exp.Expr]:
    """The select list of the lateral subquery: the used columns, those of the elements side by side."""
    projections: list[exp.Expr] = []
    for column in _COLUMNS:
        if column not in used:
            continue
        arguments = (base.copy(), exp.Literal.string(path))
        if column in _UNNESTED:
            listed = macro(_UNNESTED[column], *arguments)
            listed = macro("or_one_null", listed) if keeps_empty else listed
            projections.append(exp.alias_(exp.Anonymous(this="unnest", expressions=[listed]), column))
        elif column == "THIS":
            projections.append(exp.alias_(exp.Anonymous(this="json_extract", expressions=[*arguments]), column))
        else:
            hashed = exp.Anonymous(this="hash", expressions=[base.copy()])
            projections.append(exp.alias_(exp.cast(hashed, "ubigint", dialect="duckdb"), column))
    return projections


class _Members:
    """Members of one FLATTEN's elements, by their JSON paths: `json_extract_string(value, [paths])` parses an element
    once for all of them."""

    def __init__(self, flatten: str) -> None:
        self.flatten = flatten
        self.alias = f"_{flatten}_members"
        self.paths: dict[str, int] = {}

    @classmethod
    def take_from(cls, select: exp.Select, flatten: str) -> _Members | None:
        """Replace casts of `flatten.value:path` in a select by elements of the list. None for fewer than two paths."""
        found: list[tuple[exp.Cast, str]] = []
        for cast in select.find_all(exp.Cast):
            source = cast.this
            if (
                isinstance(source, exp.JSONExtract)
                and isinstance(source.expression, exp.JSONPath)
                and isinstance(source.this, exp.Column)
                and source.this.name.upper() == "VALUE"
                and source.this.table.upper() == flatten.upper()
                and cast.find_ancestor(exp.Select) is select
                and not cast.find_ancestor(exp.Explode)
            ):
                found.append((cast, source.expression.sql(dialect="duckdb").strip("'")))
        if len({path for _, path in found}) < 2:
            return None
        members = cls(flatten)
        for cast, path in found:
            position = members.paths.setdefault(path, len(members.paths) + 1)
            column = exp.column("M", table=members.alias)
            cast.set("this", exp.Anonymous(this="list_extract", expressions=[column, exp.Literal.number(position)]))
        return members

    def lateral(self) -> exp.Lateral:
        """The relation `alias(m)` to be joined after the FLATTEN."""
        # A list literal of DuckDB, which sqlglot's and fakesnow's array handling must not turn into JSON.
        paths = exp.Anonymous(this="list_value", expressions=[exp.Literal.string(path) for path in self.paths])
        value = exp.column("VALUE", table=self.flatten)
        call = exp.Anonymous(this="json_extract_string", expressions=[value, paths])
        return exp.Lateral(
            this=exp.Subquery(this=exp.Select(expressions=[exp.alias_(call, "M")])),
            alias=exp.TableAlias(this=exp.to_identifier(self.alias)),
        )


def _portion(select: exp.Select, base: exp.Expr) -> None:
    """Let the documents come one megabyte at a time.

    DuckDB works on 2,048 rows at once and keeps the parsed JSON of all of them: with documents of 1.3 MB that is many
    gigabytes. Repeating each row once for every 512 bytes of its document fills a vector after a megabyte of
    documents; the repetitions hold NULL instead of the document, so no element comes twice.
    """
    if not isinstance(base, exp.Column):
        return
    sources = [select.args["from_"].this] if select.args.get("from_") else []
    sources += [j.this for j in select.args.get("joins") or [] if not j.args.get("on") and not j.args.get("using")]
    named = [s for s in sources if isinstance(s, (exp.Table, exp.Subquery)) and s.alias_or_name]
    owners = [s for s in named if s.alias_or_name.upper() == base.table.upper()] if base.table else named[:1]
    if len(owners) != 1 or (not base.table and len(named) > 1):
        return
    owner = owners[0]
    name = exp.to_identifier(owner.alias_or_name)
    repeated = exp.select("*", exp.alias_(_numbers(base), _PORTION)).from_(owner.copy())
    once = exp.Case(ifs=[exp.If(this=exp.column(_PORTION).eq(0), true=exp.column(base.this.copy()))])
    star = exp.Star(except_=[exp.to_identifier(_PORTION)], replace=[exp.alias_(once, base.this.copy())])
    inner = exp.Subquery(this=repeated, alias=exp.TableAlias(this=name.copy()))
    owner.replace(exp.Subquery(this=exp.Select(expressions=[star]).from_(inner), alias=exp.TableAlias(this=name)))


def _numbers(base: exp.Column) -> exp.Expr:
    """`unnest(range(…))`: one number for every 512 bytes of the document, at least one and at most a vector full."""

    def call(function: str, *arguments: exp.Expr) -> exp.Expr:
        return exp.Anonymous(this=function, expressions=list(arguments))

    number = exp.Literal.number
    pieces = exp.IntDiv(this=call("strlen", exp.column(base.this.copy())), expression=number(512))
    return call("unnest", call("range", call("least", number(2048), call("greatest", number(1), pieces))))


def _is_true(value: exp.Expr | None) -> bool:
    return isinstance(value, exp.Boolean) and bool(value.this)


def _options(explode: exp.Explode) -> dict[str, exp.Expr]:
    options: dict[str, exp.Expr] = {}
    for argument in (explode.this, *explode.expressions):
        if isinstance(argument, exp.Kwarg):
            options[argument.this.name.upper()] = argument.expression
        else:
            options["INPUT"] = argument
    mode = options.get("MODE")
    if _is_true(options.get("RECURSIVE")) or (mode is not None and mode.name.upper() != "BOTH"):
        raise sql_error("The local warehouse does not know RECURSIVE and MODE of FLATTEN.", *SYNTAX_ERROR)
    return options


def _base_and_path(source: exp.Expr) -> tuple[exp.Expr, str]:
    """`x.response:results` as (x.response, '$.results'): the elements then come out of one pass over the document."""
    if isinstance(source, exp.JSONExtract) and isinstance(source.expression, exp.JSONPath):
        return source.this, source.expression.sql(dialect="duckdb").strip("'")
    return source, "$"


def _used(select: exp.Select | None, name: str) -> set[str]:
    """FLATTEN's columns that the statement may refer to."""
    if select is None or _has_star(select, name):
        return set(_COLUMNS)
    used = {
        column.name.upper()
        for column in select.find_all(exp.Column)
        if not column.table or column.table.upper() == name.upper()
    }
    return (used & set(_COLUMNS)) or {"VALUE"}


def _has_star(select: exp.Select, name: str = "") -> bool:
    """Whether the select list holds `*`, or `name.*` (without a name: any table's star); count(*) is none."""
    return any(
        e.is_star and (not isinstance(e, exp.Column) or not name or e.table.upper() == name.upper())
        for e in select.expressions
        if isinstance(e, (exp.Star, exp.Column))
    )
