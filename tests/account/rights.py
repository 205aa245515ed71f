"""Who may do what, worked out from the text of GRANT statements as Snowflake would: nothing else gives a right.

A right on an object counts only with USAGE on its schema and database. A role has what the roles granted to it have. An
owner may do everything with what it owns; what a role creates, it owns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from sqlglot import tokenize
from sqlglot.tokens import TokenType

# What one can do to each kind of object, besides owning it.
PRIVILEGES = {
    "table": ("select", "insert", "update", "delete", "truncate", "references", "evolve schema", "rebuild"),
    "view": ("select", "references"),
    "procedure": ("usage", "monitor"),
    "function": ("usage",),
    "stage": ("usage", "read", "write"),
    "file format": ("usage",),
    "streamlit": ("usage",),
    "warehouse": ("usage", "operate", "modify", "monitor"),
    "integration": ("usage", "use_any_role"),
    "database": ("usage", "create schema", "modify", "monitor", "create database role"),
    "schema": ("usage", "modify", "monitor", "add search optimization",
               *(f"create {kind}" for kind in ("table", "view", "stage", "streamlit", "procedure", "function",
                                               "file format", "task", "stream", "pipe", "secret", "tag"))),
}  # fmt: skip


class NotUnderstood(ValueError):
    """A GRANT that this reader does not know; a grant that is not understood is not a harmless one."""


@dataclass(frozen=True, order=True)
class Thing:
    """An object: kind, and its lower-case name without the database (`raw.load_ledger`, `raw`, `snowtape_loader`)."""

    kind: str
    name: str
    owner: str = field(compare=False)


@dataclass(frozen=True)
class Grant:
    """One privilege to one role. `scope` is '' for the object `name`, else 'all' or 'future' for the schema `name`."""

    privilege: str
    kind: str
    name: str
    role: str
    scope: str = ""


@dataclass(frozen=True)
class Rights:
    """Grants of privileges, and which roles each role holds."""

    grants: frozenset[Grant]
    members: frozenset[tuple[str, str]]

    def held(self, role: str) -> set[str]:
        """The role, and every role that is granted to it, directly or not."""
        roles = {role}
        while more := {inner for inner, outer in self.members if outer in roles} - roles:
            roles |= more
        return roles

    def allowed(self, role: str, things: Iterable[Thing], database: str) -> set[tuple[str, str, str]]:
        """All of {(privilege, kind, name)} that a role can really use; 'ownership' stands for everything."""
        roles = self.held(role)
        grants = [grant for grant in self.grants if grant.role in roles]
        found: set[tuple[str, str, str]] = set()
        for thing in things:
            if thing.owner in roles:
                found.add(("ownership", thing.kind, thing.name))
                continue
            if _reaches(grants, thing, database):
                found |= {(privilege, thing.kind, thing.name) for privilege in _given(grants, thing)}
        return found

    def without_object(self, things: Iterable[Thing]) -> set[Grant]:
        """Grants on something that is not among these things: a right that no list of rights would show."""
        known = {(thing.kind, thing.name) for thing in things}
        schemas = {name for kind, name in known if kind == "schema"}
        return {g for g in self.grants if (g.name not in schemas if g.scope else (g.kind, g.name) not in known)}

    def without_schema(self) -> set[Grant]:
        """Grants on objects of a schema on which their role has no USAGE: no right today, and one too many tomorrow."""
        entered = {(g.role, g.name) for g in self.grants if g.kind == "schema" and g.privilege == "usage"}
        inside = {g for g in self.grants if g.scope or "." in g.name}
        return {g for g in inside if not any((role, g.name.partition(".")[0]) in entered for role in self.held(g.role))}


def _given(grants: list[Grant], thing: Thing) -> set[str]:
    schema = thing.name.partition(".")[0]
    given = {
        grant.privilege
        for grant in grants
        if grant.kind == thing.kind and (grant.name == schema if grant.scope else grant.name == thing.name)
    }
    return given | (set(PRIVILEGES[thing.kind]) if given & {"all", "all privileges"} else set())


def _reaches(grants: list[Grant], thing: Thing, database: str) -> bool:
    if thing.kind in ("database", "warehouse", "integration"):
        return True
    usage = {(grant.kind, grant.name) for grant in grants if grant.privilege == "usage"}
    schema = thing.name.partition(".")[0]
    return ("database", database) in usage and (thing.kind == "schema" or ("schema", schema) in usage)


def read_rights(statements: Iterable[str]) -> Rights:
    """The rights that these statements give; those that are not GRANT are passed over. Raises NotUnderstood."""
    grants: set[Grant] = set()
    members: set[tuple[str, str]] = set()
    for statement in statements:
        words = list(_words(statement))
        if not words or words[0] not in ("grant", "revoke"):
            continue
        if words[0] == "revoke":
            raise NotUnderstood(f"a revoke leaves what was granted to chance: {statement}")
        *head, to, what, role = words[: words.index("to") + 3]
        if (to, what) == ("to", "user") and head[:2] == ["grant", "role"]:
            members.add((head[2], f"user {role}"))
        elif (to, what) != ("to", "role") or len(words) != words.index("to") + 3:
            raise NotUnderstood(f"only 'to role' and 'to user', without options: {statement}")
        elif head[:2] == ["grant", "role"] and len(head) == 3:
            members.add((head[2], role))
        elif head[:3] == ["grant", "database", "role"] and len(head) == 4:
            members.add((f"database role {head[3]}", role))
        else:
            grants |= set(_privileges(head[1:], role, statement))
    return Rights(frozenset(grants), frozenset(members))


def _privileges(words: list[str], role: str, statement: str) -> Iterable[Grant]:
    on = words.index("on")
    names = [name.strip() for name in " ".join(words[:on]).split(",")]
    target = words[on + 1 :]
    if target[0] in ("all", "future"):
        if target[2:4] != ["in", "schema"] or len(target) != 5:
            raise NotUnderstood(f"all and future objects are granted by schema: {statement}")
        kind, name, scope = target[1].removesuffix("s"), target[4], target[0]
    else:
        kind, name, scope = " ".join(target[:-1]), target[-1], ""
    if kind not in PRIVILEGES:
        raise NotUnderstood(f"{kind} is a kind of object that this reader does not know: {statement}")
    return [Grant(privilege, kind, name, role, scope) for privilege in names]


@cache
def _words(statement: str) -> tuple[str, ...]:
    """Lower-case words; a dotted name, with the types of a procedure, is one word."""
    words: list[str] = []
    glue = False
    depth = 0
    for token in tokenize(statement, read="snowflake"):
        text = token.text.lower()
        joins = token.token_type in (TokenType.DOT, TokenType.L_PAREN, TokenType.R_PAREN) or depth > 0
        if (joins or glue) and words:
            words[-1] += text
        elif token.token_type != TokenType.SEMICOLON:
            words.append(text)
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        glue = token.token_type == TokenType.DOT
    return tuple(words)
