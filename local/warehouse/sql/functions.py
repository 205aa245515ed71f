"""Snowflake functions on their way to DuckDB: what sqlglot and fakesnow leave wrong, put right before they see it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlglot import exp

from local.warehouse.errors import SYNTAX_ERROR, sql_error

MACROS = Path(__file__).with_name("macros.sql")

_TIMESTAMPS = (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ, exp.DataType.Type.DATETIME)
_TEXTS = (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT, exp.DataType.Type.NVARCHAR)
_SEMI_STRUCTURED = (exp.DataType.Type.VARIANT, exp.DataType.Type.OBJECT, exp.DataType.Type.ARRAY)
# Not a VARIANT, or taken out of one as text already; a subquery would be computed once for each use in the macro.
_NEVER_VARIANT = (exp.Literal, exp.Null, exp.Placeholder, exp.JSONExtract, exp.JSONExtractScalar, exp.Query, exp.Cast)
_DAYS_OR_MORE = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
_TO_TIMESTAMP = ("TO_TIMESTAMP", "TO_TIMESTAMP_NTZ")
_TRY_TO_TIMESTAMP = ("TRY_TO_TIMESTAMP", "TRY_TO_TIMESTAMP_NTZ")
_AS = {
    **dict.fromkeys(("AS_VARCHAR", "AS_CHAR"), exp.DataType.Type.VARCHAR),
    **dict.fromkeys(("AS_INTEGER", "AS_NUMBER", "AS_DECIMAL"), exp.DataType.Type.BIGINT),
    **dict.fromkeys(("AS_DOUBLE", "AS_REAL"), exp.DataType.Type.DOUBLE),
    "AS_BOOLEAN": exp.DataType.Type.BOOLEAN,
}
# Aggregates of numbers: on a VARIANT's member, Snowflake reads the number out of it.
_NUMERIC = (
    exp.Sum,
    exp.Avg,
    exp.Variance,
    exp.Stddev,
    exp.StddevSamp,
    exp.StddevPop,
    exp.VariancePop,
    exp.Median,
)


def macro(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of one of macros.sql."""
    call = exp.Anonymous(this=name, expressions=list(arguments))
    schema = exp.Dot(this=exp.to_identifier("_fs_global"), expression=exp.to_identifier("_snowtape"))
    return exp.Dot(this=schema, expression=call)


def _as_text(source: exp.Expr) -> exp.Expr:
    """The member of a VARIANT as text, without quotes."""
    if isinstance(source, exp.JSONExtract) and isinstance(source.expression, exp.JSONPath):
        return exp.JSONExtractScalar(this=source.this, expression=source.expression)
    return source


def _as_date(source: exp.Expr) -> exp.Expr:
    """Strings and members of a VARIANT become timestamps where a date is expected."""
    if isinstance(source, (exp.JSONExtract, exp.Null)) or (isinstance(source, exp.Literal) and source.is_string):
        return macro("to_timestamp_ntz", _as_text(source))
    return source


def _cast(node: exp.Cast) -> exp.Expr:
    if node.to.this in _SEMI_STRUCTURED:
        return exp.Anonymous(this="to_json", expressions=[node.this])
    if node.to.this in _TIMESTAMPS:
        name = "try_to_timestamp_ntz" if isinstance(node, exp.TryCast) else "to_timestamp_ntz"
        return macro(name, _as_text(node.this))
    if node.to.this in _TEXTS and not isinstance(node.this, _NEVER_VARIANT):
        return macro("to_text", node.this)
    return node


def _unix_to_time(node: exp.UnixToTime) -> exp.Expr:
    if node.args.get("format"):
        return node
    scale = node.args.get("scale")
    return macro("to_timestamp_ntz", _as_text(node.this), *([scale] if scale else []))


def _anonymous(node: exp.Anonymous) -> exp.Expr:
    name = node.name.upper()
    arguments = node.expressions
    if name in _TO_TIMESTAMP and arguments:
        return macro("to_timestamp_ntz", _as_text(arguments[0]), *arguments[1:])
    if name in _TRY_TO_TIMESTAMP and len(arguments) == 1:
        return macro("try_to_timestamp_ntz", _as_text(arguments[0]))
    if name in ("TO_TIMESTAMP_TZ", "TO_TIMESTAMP_LTZ") and len(arguments) == 1:
        return exp.cast(macro("to_timestamp_ntz", arguments[0]), exp.DataType.Type.TIMESTAMPTZ)
    if name in ("OBJECT_DELETE", "IS_OBJECT", "IS_INTEGER", "IS_VARCHAR", "IS_BOOLEAN", "IS_DECIMAL"):
        if name == "OBJECT_DELETE":
            return macro("object_delete", *arguments)
        return macro("is_type", arguments[0], exp.Literal.string(name.removeprefix("IS_")))
    if target := _AS.get(name):
        return exp.cast(macro("to_text", arguments[0]), target)
    return node


def _date_trunc(node: exp.TimestampTrunc | exp.DateTrunc) -> exp.Expr:
    unit = node.args["unit"]
    return macro("date_trunc_to", exp.Literal.string(unit.name.lower()), _as_date(node.this))


def _date_add(node: exp.DateAdd) -> exp.Expr:
    unit = node.args.get("unit")
    if unit is None or unit.name.upper() not in _DAYS_OR_MORE:
        return node
    count, single = node.expression, unit.name.upper()
    if single == "QUARTER":
        count, single = exp.Mul(this=exp.Paren(this=count), expression=exp.Literal.number(3)), "MONTH"
    interval = exp.Interval(this=count, unit=exp.var(single))
    return macro("add_days", _as_date(node.this), interval)


def _window(node: exp.Window) -> exp.Expr:
    call = node.this
    if not isinstance(call, exp.Anonymous):
        return node
    name = call.name.upper()
    if name == "RATIO_TO_REPORT":
        value = call.expressions[0]
        node.set("this", exp.Sum(this=value.copy()))
        total = exp.func("nullif", node.copy(), exp.Literal.number(0))
        return exp.Paren(this=exp.Div(this=exp.Paren(this=value.copy()), expression=total))
    if name == "CONDITIONAL_TRUE_EVENT":
        node.set("this", exp.CountIf(this=call.expressions[0]))
    return node


def _numeric(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.JSONExtract):
        node.set("this", exp.cast(_as_text(node.this), exp.DataType.Type.DOUBLE))
    return node


def _is_array(node: exp.IsArray) -> exp.Expr:
    if (member := _member(node.this)) is None:
        return node
    return exp.EQ(this=exp.Anonymous(this="json_type", expressions=member), expression=exp.Literal.string("ARRAY"))


def _array_size(node: exp.ArraySize) -> exp.Expr:
    """NULL of what is not an array, where DuckDB says 0; DuckDB computes the size once for its two places."""
    if (member := _member(node.this)) is None:
        return node
    size = exp.Anonymous(this="json_array_length", expressions=[part.copy() for part in member])
    zero = exp.Literal.number(0)
    found = exp.Case().when(exp.GT(this=size, expression=zero), size.copy(), copy=False)
    return found.when(_is_array(exp.IsArray(this=node.this)), zero.copy(), copy=False)


def _member(source: exp.Expr) -> list[exp.Expr] | None:
    """A VARIANT and the path into it: DuckDB then judges the member where it lies, and makes no copy of it first."""
    if isinstance(source, exp.JSONExtract) and isinstance(source.expression, exp.JSONPath):
        return [source.this, source.expression]
    return None


def _trim(node: exp.Trim) -> exp.Expr:
    """Of anything that is not text; fakesnow's own cast would forget which side, and which characters."""
    if not isinstance(node.this, exp.Cast):
        node.set("this", exp.cast(node.this, exp.DataType.Type.TEXT))
    return node


def _parameter(node: exp.Parameter) -> exp.Expr:
    """`$2` of FROM VALUES; of anything else DuckDB would take it for a bind variable."""
    if not isinstance(node.this, exp.Literal):
        return node
    select = node.find_ancestor(exp.Select)
    source = select.args.get("from_") if select else None
    if source is None or not isinstance(source.this, exp.Values):
        raise sql_error("The local warehouse knows $n of VALUES and of staged files only.", *SYNTAX_ERROR)
    aliased = source.this.args.get("alias")
    columns = aliased.columns if aliased else []
    position = int(node.this.name)
    return exp.column(columns[position - 1].copy() if columns else exp.to_identifier(f"COLUMN{position}"))


def _call(name: str, *keys: str) -> Callable[[exp.Expr], exp.Expr]:
    """A macro with these arguments of the node."""

    def build(node: exp.Expr) -> exp.Expr:
        arguments: list[exp.Expr] = []
        for key in keys:
            value = node.args[key]
            arguments += value if isinstance(value, list) else [value]
        return macro(name, *arguments)

    return build


def _array(node: exp.Array) -> exp.Expr:
    return exp.Anonymous(this="json_array", expressions=node.expressions)


def _array_agg(node: exp.ArrayAgg | exp.WithinGroup) -> exp.Expr:
    """ARRAY_AGG leaves NULLs out and gives an empty array for no rows. As a window function fakesnow's will do."""
    if isinstance(node.parent, (exp.Window, exp.WithinGroup, exp.Filter)):
        return node
    aggregate = node.this if isinstance(node, exp.WithinGroup) else node
    if not isinstance(aggregate, exp.ArrayAgg):
        return node
    value = aggregate.this
    ordered = value
    if isinstance(node, exp.WithinGroup):
        ordered = exp.Order(this=value, expressions=node.expression.expressions)
    bare = value.expressions[0] if isinstance(value, exp.Distinct) else value
    present = exp.Where(this=exp.Not(this=exp.Is(this=bare.copy(), expression=exp.Null())))
    listed = exp.Filter(this=exp.Anonymous(this="list", expressions=[ordered.copy()]), expression=present)
    empty = exp.Anonymous(this="json_array", expressions=[])
    return exp.func("coalesce", exp.Anonymous(this="to_json", expressions=[listed]), empty)


def _object(node: exp.Struct | exp.JSONObject) -> exp.Expr:
    """OBJECT_CONSTRUCT drops pairs with NULL, OBJECT_CONSTRUCT_KEEP_NULL keeps them; values keep their own nulls."""
    pairs: list[exp.Expr] = []
    for pair in node.expressions:
        if not isinstance(pair, (exp.PropertyEQ, exp.JSONKeyValue)):
            return node
        key = exp.Literal.string(pair.this.name) if isinstance(pair.this, exp.Identifier) else pair.this
        pairs.append(macro("pair_or_null" if isinstance(node, exp.JSONObject) else "pair", key, pair.expression))
    return macro("object_of", exp.Anonymous(this="list_value", expressions=pairs))


def _comparison(node: exp.Expr) -> exp.Expr:
    """A VARIANT's member compared with a literal is read as the literal's type."""
    for side, other in (("this", "expression"), ("expression", "this")):
        member, literal = node.args.get(side), node.args.get(other)
        if isinstance(member, exp.Paren):
            member = member.this
        if isinstance(member, exp.JSONExtract) and isinstance(literal, exp.Literal):
            text = _as_text(member)
            node.set(side, text if literal.is_string else exp.cast(text, exp.DataType.Type.DOUBLE))
    return node


def _in(node: exp.In) -> exp.Expr:
    values = node.expressions
    if isinstance(node.this, exp.JSONExtract) and values and all(isinstance(v, exp.Literal) for v in values):
        text = _as_text(node.this)
        is_text = all(v.is_string for v in values)
        node.set("this", text if is_text else exp.cast(text, exp.DataType.Type.DOUBLE))
    return node


def _series(node: exp.GenerateSeries) -> exp.Expr:
    return exp.Anonymous(this="to_json", expressions=[node.copy()])


_BY_TYPE: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.UnixToTime: _unix_to_time,
    exp.Anonymous: _anonymous,
    exp.TimestampTrunc: _date_trunc,
    exp.DateTrunc: _date_trunc,
    exp.DateAdd: _date_add,
    exp.TimeAdd: _date_add,
    exp.TimestampAdd: _date_add,
    exp.Typeof: lambda node: macro("type_of_variant", node.this),
    exp.WidthBucket: _call("width_bucket", "this", "min_value", "max_value", "num_buckets"),
    exp.JSONKeys: _call("object_keys", "this"),
    exp.Array: _array,
    exp.IsArray: _is_array,
    exp.ArraySize: _array_size,
    exp.ArrayAgg: _array_agg,
    exp.WithinGroup: _array_agg,
    exp.Struct: _object,
    exp.JSONObject: _object,
    exp.In: _in,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike), _comparison),
    exp.GenerateSeries: _series,
    exp.ArrayContains: _call("array_contains", "expression", "this"),
    exp.ArrayPosition: _call("array_position", "expression", "this"),
    exp.ArrayAppend: _call("array_append", "this", "expression"),
    exp.ArrayPrepend: _call("array_prepend", "this", "expression"),
    exp.ArrayConcat: _call("array_cat", "this", "expressions"),
    exp.ArrayDistinct: _call("array_distinct", "this"),
    exp.ArrayCompact: _call("array_compact", "this"),
    exp.ArraySlice: _call("array_slice", "this", "start", "end"),
    exp.ArrayToString: _call("array_to_string", "this", "expression"),
    exp.ArrayOverlaps: _call("arrays_overlap", "this", "expression"),
    exp.SortArray: _call("array_sort", "this"),
    exp.ObjectInsert: _call("object_insert", "this", "key", "value"),
    exp.Trim: _trim,
    exp.Window: _window,
    exp.Parameter: _parameter,
    **dict.fromkeys(_NUMERIC, _numeric),
}


def rewrite(expression: exp.Expr) -> exp.Expr:
    """Replace function calls in a tree, from the leaves up."""

    def replace(node: exp.Expr) -> exp.Expr:
        handler = _BY_TYPE.get(type(node))
        return handler(node) if handler else node

    for node in list(expression.walk(bfs=False))[::-1]:
        replaced = replace(node)
        if replaced is not node:
            if node is expression:
                expression = replaced
            else:
                node.replace(replaced)
    return expression
