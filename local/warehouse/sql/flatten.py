"""LATERAL FLATTEN as one UNNEST of the JSON path's elements, computing only the columns that the statement uses.

fakesnow's macro hashes and copies the whole input for every element; a grouped response of 10,000 bars makes that
hopeless. Here the response is parsed once, and DuckDB turns the lateral join into a plain UNNEST.
"""

from __future__ import annotations

from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error
from local.warehouse.sql.functions import macro

_COLUMNS = ("SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS")
_UNNESTED = {"VALUE": "elements", "KEY": "element_keys", "INDEX": "element_numbers", "PATH": "element_paths"}


def rewrite(expression: exp.Expr) -> exp.Expr:
    """Replace every FLATTEN in a tree, in place."""
    for call in list(expression.find_all(exp.Lateral, exp.TableFromRows)):
        if isinstance(call.this, exp.Explode):
            _replace(call, call.this)
    return expression


def _replace(call: exp.Expr, explode: exp.Explode) -> None:
    options = _options(explode)
    source = options["INPUT"]
    alias = call.args.get("alias")
    name = alias.this.copy() if alias and alias.this else exp.to_identifier("_flatten")
    base, path = _base_and_path(source)
    if "PATH" in options:
        path += "." + options["PATH"].name
    used = _used(call, name.name)
    join = call.parent
    # LEFT JOIN LATERAL keeps rows without elements too.
    keeps_empty = _is_true(options.get("OUTER")) or (isinstance(join, exp.Join) and join.side == "LEFT")
    arguments = (base, exp.Literal.string(path))
    projections: list[exp.Expr] = []
    for column in _COLUMNS:
        if column not in used:
            continue
        if column in _UNNESTED:
            listed = macro(_UNNESTED[column], *(argument.copy() for argument in arguments))
            listed = macro("or_one_null", listed) if keeps_empty else listed
            projections.append(exp.alias_(exp.Anonymous(this="unnest", expressions=[listed]), column))
        elif column == "THIS":
            projections.append(exp.alias_(exp.Anonymous(this="json_extract", expressions=[*arguments]), column))
        else:
            hashed = exp.Anonymous(this="hash", expressions=[base.copy()])
            projections.append(exp.alias_(exp.cast(hashed, "ubigint", dialect="duckdb"), column))
    lateral = exp.Lateral(this=exp.Subquery(this=exp.Select(expressions=projections)), alias=exp.TableAlias(this=name))
    if isinstance(join, exp.Join) and (not join.args.get("on") or _is_true(join.args["on"])):
        # DuckDB turns a cross join with UNNEST into one operator; any other join keeps the documents twice.
        for part in ("side", "on", "method"):
            join.set(part, None)
        join.set("kind", "CROSS")
    call.replace(lateral)


def _is_true(value: exp.Expr | None) -> bool:
    return isinstance(value, exp.Boolean) and bool(value.this)


def _options(explode: exp.Explode) -> dict[str, exp.Expr]:
    options: dict[str, exp.Expr] = {}
    for argument in (explode.this, *explode.expressions):
        if isinstance(argument, exp.Kwarg):
            options[argument.this.name.upper()] = argument.expression
        else:
            options["INPUT"] = argument
    for name in ("RECURSIVE", "MODE"):
        if _is_true(options.get(name)) or (name == "MODE" and name in options and options[name].name.upper() != "BOTH"):
            raise sql_error(f"The local warehouse does not know {name} of FLATTEN.", *SYNTAX_ERROR)
    return options


def _base_and_path(source: exp.Expr) -> tuple[exp.Expr, str]:
    """`x.response:results` as (x.response, '$.results'): the elements then come out of one pass over the document."""
    if isinstance(source, exp.JSONExtract) and isinstance(source.expression, exp.JSONPath):
        return source.this, source.expression.sql(dialect="duckdb").strip("'")
    return source, "$"


def _used(call: exp.Expr, name: str) -> set[str]:
    """FLATTEN's columns that the statement may refer to."""
    select = call.find_ancestor(exp.Select)
    scope = select.find_ancestor(exp.Select, exp.Create, exp.Insert) if select else None
    if select is None or any(_is_star_of(star, name) for star in select.find_all(exp.Star)):
        return set(_COLUMNS)
    used = {
        column.name.upper()
        for column in (scope or select).find_all(exp.Column)
        if not column.table or column.table.upper() == name.upper()
    }
    return (used & set(_COLUMNS)) or {"VALUE"}


def _is_star_of(star: exp.Star, name: str) -> bool:
    """Whether `*` or `f.*` in the select list brings FLATTEN's columns; count(*) does not."""
    if isinstance(star.parent, exp.Column):
        return star.parent.table.upper() == name.upper()
    return isinstance(star.parent, exp.Select)
