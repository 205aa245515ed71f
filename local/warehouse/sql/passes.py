"""fakesnow rewrites a tree eighty times over: here without the passes that have nothing to look at.

Each pass visits every node and acts on a few kinds of them, which its source names in `isinstance(expression, …)`. One
walk tells which kinds a tree has; a pass whose kinds are not among them would leave it as it is. What only begins a
statement is looked for at its beginning.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType
from typing import Any, Self

import fakesnow.transforms
from sqlglot import exp

_STATEMENTS = (exp.Alter, exp.Command, exp.Comment, exp.Create, exp.Drop, exp.ListStage, exp.Put, exp.Show, exp.Use)


class Passes:
    """Stands in for a tree where passes are chained; `tree` is what has become of it."""

    def __init__(self, tree: exp.Expr) -> None:
        self.tree = tree
        self._kinds: set[type] | None = None

    def transform(self, rewrite: Callable[..., exp.Expr], *, copy: bool = False, **values: Any) -> Self:
        """Apply a pass to the tree, if that has what the pass looks for."""
        if rewrite is fakesnow.transforms.upper_case_unquoted_identifiers:
            # The same without a copy of every name.
            for name in self.tree.find_all(exp.Identifier):
                if not name.quoted and isinstance(name.this, str):
                    name.set("this", name.this.upper())
            return self
        wanted = kinds_of(rewrite.__code__)
        if wanted is not None and all(issubclass(kind, _STATEMENTS) for kind in wanted):
            if isinstance(self.tree, wanted):
                self.tree, self._kinds = rewrite(self.tree, **values), None
        elif wanted is None or self._has(wanted):
            self.tree, self._kinds = self.tree.transform(rewrite, copy=copy, **values), None
        return self

    def _has(self, wanted: tuple[type, ...]) -> bool:
        if self._kinds is None:
            self._kinds = {type(node) for node in self.tree.walk()}
        return any(issubclass(kind, wanted) for kind in self._kinds)


@cache
def kinds_of(code: CodeType) -> tuple[type, ...] | None:
    """The kinds of nodes that a pass, or the one that a lambda calls, acts on; None where its source doesn't tell."""
    if code.co_name == "<lambda>":
        called = [getattr(fakesnow.transforms, name, None) for name in code.co_names]
        code = next((found.__code__ for found in called if inspect.isfunction(found)), code)
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(code))).body
    module = inspect.getmodule(code)
    if not isinstance(function, ast.FunctionDef) or module is None:
        return None
    node = function.args.args[0].arg
    if len(function.body) == 1 and ast.unparse(function.body[0]) == f"return {node}":
        return ()
    asked = [
        call.args[1]
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "isinstance" and ast.unparse(call.args[0]) == node
    ]
    return tuple(kind for each in asked for kind in _classes(each, vars(module))) or None


def _classes(written: ast.expr, names: dict[str, Any]) -> Iterator[type]:
    """The classes that `exp.Select`, `(exp.Upper, exp.Lower)` or the name of a tuple stand for."""
    if isinstance(written, ast.Tuple):
        for element in written.elts:
            yield from _classes(element, names)
        return
    found = names[written.id] if isinstance(written, ast.Name) else getattr(exp, ast.unparse(written).split(".")[-1])
    yield from found if isinstance(found, tuple) else (found,)
