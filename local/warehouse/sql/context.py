"""What a statement asks about its own session: CURRENT_ROLE(), LAST_QUERY_ID(), session variables, …"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from local.warehouse.errors import sql_error

if TYPE_CHECKING:
    from local.warehouse.session import Session

ACCOUNT = "LOCAL"

_BY_TYPE: dict[type[exp.Expr], Callable[[Session], str | None]] = {
    exp.CurrentRole: lambda s: s.identity.role,
    exp.CurrentWarehouse: lambda s: s.identity.warehouse,
    exp.CurrentUser: lambda s: s.identity.user,
    exp.CurrentAccount: lambda _: ACCOUNT,
    exp.CurrentAccountName: lambda _: ACCOUNT,
    exp.CurrentOrganizationName: lambda _: ACCOUNT,
    exp.CurrentRegion: lambda _: "LOCAL",
    exp.CurrentSession: lambda s: str(s.session_id),
    exp.CurrentDatabase: lambda s: s.database,
    exp.CurrentSchema: lambda s: s.schema,
    exp.CurrentSchemas: lambda s: json.dumps([f"{s.database}.{s.schema}"] if s.schema else []),
    exp.CurrentAvailableRoles: lambda s: json.dumps([s.identity.role]),
    exp.CurrentSecondaryRoles: lambda _: json.dumps({"roles": "", "value": ""}),
    exp.CurrentRoleType: lambda _: "ROLE",
    exp.CurrentIpAddress: lambda _: "127.0.0.1",
    exp.CurrentClient: lambda _: "local",
    exp.CurrentTransaction: lambda s: str(s.session_id) if s.transactions.is_open else None,
    exp.CurrentStatement: lambda s: s.statement,
}
_BY_NAME: dict[str, Callable[[Session], str | None]] = {
    "LAST_QUERY_ID": lambda s: s.last_query_id,
    "SYSTEM$CANCEL_ALL_QUERIES": lambda _: "0 queries cancelled.",
    "SYSTEM$WHITELIST": lambda _: "[]",
    "SYSTEM$ALLOWLIST": lambda _: "[]",
}


def _text(value: str | None) -> exp.Expr:
    return exp.Literal.string(value) if value is not None else exp.cast(exp.Null(), "varchar")


def inline(session: Session, expression: exp.Expr) -> exp.Expr:
    """Put the session's own values into a tree, in place where it can be. Raises for an unknown session variable."""

    def replace(node: exp.Expr) -> exp.Expr:
        if value := _BY_TYPE.get(type(node)):
            return _text(value(session))
        if isinstance(node, exp.Anonymous) and (value := _BY_NAME.get(node.name.upper())):
            return _text(value(session))
        if isinstance(node, exp.Parameter) and isinstance(node.this, exp.Var):
            return variable(session, node.name)
        return node

    return expression.transform(replace, copy=False)


def variable(session: Session, name: str) -> exp.Expr:
    """The literal that a session variable holds; a procedure with its owner's rights sees none of its caller's."""
    known = {} if session.has_owners_rights else session.variable_values
    if (value := known.get(name.upper())) is None:
        raise sql_error(f"SQL compilation error:\nSession variable '${name.upper()}' does not exist", 2211, "02000")
    return sqlglot.parse_one(value, read="snowflake")
