"""TABLE(RESULT_SCAN(query id)): a result that a client still remembers, as a relation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from local.warehouse.errors import sql_error

if TYPE_CHECKING:
    from local.warehouse.session import Session


def replace(session: Session, expression: exp.Expr) -> exp.Expr:
    """Put remembered results into a tree, in place. Raises when one is forgotten already."""
    for number, call in enumerate(list(expression.find_all(exp.TableFromRows))):
        function = call.this
        if not (isinstance(function, exp.Anonymous) and function.name.upper() == "RESULT_SCAN"):
            continue
        query_id = function.expressions[0].name
        found = session.results_cache.get(query_id)
        if found is None:
            raise sql_error(f"Statement {query_id} not found", 709, "02000")
        name = f"_result_{number}"
        session.duck.register(name, found[0])
        relation = exp.table_(name, db="main", catalog="temp")
        if call.args.get("alias"):
            relation.set("alias", call.args["alias"])
        call.replace(relation)
    return expression
