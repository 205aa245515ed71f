"""Every table in a tree by its full name, and a session's temporary objects in place of it.

DuckDB keeps temporary objects in one schema of its own, resolves names in a view when the view is read, and knows no
temporary table in a schema. So all names are made explicit before DuckDB sees them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from local.warehouse.naming import ObjectName

if TYPE_CHECKING:
    from local.warehouse.session import Session


def object_name(session: Session, table: exp.Table) -> ObjectName:
    """The full name that a table in a tree stands for."""
    return session.resolve([part.name if part.args.get("quoted") else part.name.upper() for part in table.parts])


def temporary_table(name: ObjectName) -> exp.Table:
    """Where DuckDB keeps a session's temporary object of this name."""
    return exp.table_(exp.to_identifier(str(name), quoted=True), db="main", catalog="temp")


def full_table(name: ObjectName) -> exp.Table:
    """A reference to a table by its full name."""
    return exp.table_(
        exp.to_identifier(name.name, quoted=True),
        db=exp.to_identifier(name.schema, quoted=True),
        catalog=exp.to_identifier(name.database, quoted=True),
    )


def qualify(session: Session, expression: exp.Expr) -> exp.Expr:
    """Replace table references in place: temporary objects by DuckDB's, all others by their full names."""
    for table in list(_references(expression)):
        name = object_name(session, table)
        target = temporary_table(name) if name in session.temporary else full_table(name)
        if target.name != table.name and not table.alias and not _is_target(table):
            table.set("alias", exp.TableAlias(this=table.this.copy()))
        for part in ("this", "db", "catalog"):
            table.set(part, target.args[part])
    return expression


@cache
def _duckdb_reserved() -> frozenset[str]:
    """Words that DuckDB doesn't take as a name everywhere and Snowflake does (DEFAULT is a value in both)."""
    with duckdb.connect() as duck:
        keywords = duck.sql("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'")
        return frozenset(name for (name,) in keywords.fetchall()) - {"default"}


def quote_reserved(expression: exp.Expr) -> exp.Expr:
    """Quote names that DuckDB would read as keywords, in place."""
    for identifier in expression.find_all(exp.Identifier):
        if not identifier.quoted and identifier.name.lower() in _duckdb_reserved():
            identifier.set("quoted", True)
    return expression


def _is_target(table: exp.Table) -> bool:
    """Whether the table is what the statement creates or writes: no alias may stand there."""
    parent = table.parent
    if isinstance(parent, exp.Schema):
        parent = parent.parent
    return isinstance(parent, (exp.Create, exp.Drop, exp.Alter, exp.Insert, exp.TruncateTable))


def _references(expression: exp.Expr) -> Iterator[exp.Table]:
    common = {cte.alias_or_name.upper() for cte in expression.find_all(exp.CTE)}
    for table in expression.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue
        if not table.db and table.name.upper() in common:
            continue
        if isinstance(table.parent, (exp.Use, exp.Show)):
            continue
        yield table
