"""fakesnow rewrites a tree eighty times over, node by node: here each pass sees only the nodes that it acts on.

A pass acts on a few kinds of nodes, which its source names in `isinstance(expression, …)`, and gives back every other
node as it is. One walk finds the nodes of a tree; a pass is called with those of its kinds, in the same order, and the
tree is walked again only after one that may have changed it. What begins a statement is looked for at its beginning.
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
# What these ask of a node they ask in functions of their own.
_ASKED_ELSEWHERE = {"update_variables": (exp.Set, exp.Alias), "alter_table_strip_cluster_by": (exp.Alter, exp.Command)}
# How a pass changes a node in its place; one that does nothing of this gives back another node, or has changed nothing.
_CHANGES = {"set", "replace", "pop", "append", "transform", "args"}


class Passes:
    """Stands in for a tree where passes are chained; `tree` is what has become of it."""

    def __init__(self, tree: exp.Expr) -> None:
        self.tree = tree
        self._nodes: list[exp.Expr] = []
        self._kinds: set[type] = set()
        self._walk()

    def transform(self, rewrite: Callable[..., exp.Expr], *, copy: bool = False, **values: Any) -> Self:
        """Apply a pass to the tree, if that has what the pass looks for."""
        if rewrite is fakesnow.transforms.upper_case_unquoted_identifiers:
            # The same without a copy of every name.
            for name in self._of((exp.Identifier,)):
                if not name.args.get("quoted") and isinstance(name.this, str):
                    name.set("this", name.this.upper())
            return self
        wanted = kinds_of(rewrite.__code__)
        if wanted is None:
            self.tree = self.tree.transform(rewrite, copy=copy, **values)
        elif all(issubclass(kind, _STATEMENTS) for kind in wanted):
            if not isinstance(self.tree, wanted):
                return self
            self.tree = rewrite(self.tree, **values)
        elif found := self._of(wanted):
            self._rewrite(found, wanted, lambda node: rewrite(node, **values), changes_in_place(rewrite.__code__))
            return self
        else:
            return self
        self._walk()
        return self

    def _walk(self) -> None:
        self._nodes = list(self.tree.dfs())
        self._kinds = set(map(type, self._nodes))

    def _of(self, wanted: tuple[type, ...]) -> list[exp.Expr]:
        kinds = {kind for kind in self._kinds if issubclass(kind, wanted)}
        return [node for node in self._nodes if type(node) in kinds] if kinds else []

    def _rewrite(
        self,
        found: list[exp.Expr],
        wanted: tuple[type, ...],
        rewrite: Callable[[exp.Expr], exp.Expr],
        in_place: bool,
    ) -> None:
        """As `Expr.transform`: what stands below a node that was replaced is left alone, and what a pass has put below
        one that it kept is looked at too.
        """
        seen = set(map(id, found))
        replaced: set[int] = set()
        # The former nodes live until their ids are not compared any more.
        former: list[list[exp.Expr]] = []
        while found:
            for node in found:
                if replaced and _is_below(node, replaced):
                    continue
                parent, place, index = node.parent, node.arg_key, node.index
                new = rewrite(node)
                if new is node:
                    continue
                replaced |= {id(node), id(new)}
                if node is self.tree:
                    self.tree = new
                elif parent and place:
                    parent.set(place, new, index)
            if not (replaced or in_place):
                return
            former.append(self._nodes)
            self._walk()
            found = [node for node in self._of(wanted) if id(node) not in seen and not _is_below(node, replaced)]
            seen |= set(map(id, found))


def _is_below(node: exp.Expr, nodes: set[int]) -> bool:
    """Whether a node or one that it is part of is among these."""
    part: exp.Expr | None = node
    while part is not None:
        if id(part) in nodes:
            return True
        part = part.parent
    return False


def _called(code: CodeType) -> CodeType:
    """The pass itself, or the one that a lambda calls."""
    called = [getattr(fakesnow.transforms, name, None) for name in code.co_names]
    return next((f.__code__ for f in called if inspect.isfunction(f)), code) if code.co_name == "<lambda>" else code


@cache
def changes_in_place(code: CodeType) -> bool:
    """Whether a pass may change a node and give it back."""
    return bool(_CHANGES & set(_called(code).co_names))


@cache
def kinds_of(code: CodeType) -> tuple[type, ...] | None:
    """The kinds of nodes that a pass acts on; None where its source doesn't tell."""
    code = _called(code)
    if code.co_name in _ASKED_ELSEWHERE:
        return _ASKED_ELSEWHERE[code.co_name]
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
