"""The SQL gate: is this Snowflake's SQL, as far as that can be said without an account?

The local warehouse runs on DuckDB and lets DuckDB's own functions, types and clauses pass, so a green local run proves
nothing about the dialect. Here every statement is parsed by sqlfluff's Snowflake grammar, once, and its tree is walked:

    syntax      what the grammar does not know
    statement   a kind of statement that has no business in this place
    function    a function that is not in words/functions.txt, or that COPY cannot use in a transformation
    type        a data type that Snowflake does not have
    operator    an operator, a slice or a comment that means something else, or nothing, in Snowflake
    name        a reserved word, or a quoted name, as the name of something
    style       the rules of .sqlfluff
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

from sqlfluff.core import FluffConfig, Linter, SQLBaseError
from sqlfluff.core.parser import BaseSegment

from tests.parent import end_with_parent

REPOSITORY = Path(__file__).parents[2]
WORDS = Path(__file__).with_name("words")

QUERY = frozenset({"select_statement", "with_compound_statement", "set_expression"})
# What a procedure with its owner's rights may run, as far as ours have a use for it: docs/snowflake-statements.md.
LOAD = frozenset(
    {
        "copy_into_table_statement",
        "delete_statement",
        "insert_statement",
        "select_statement",
        "transaction_statement",
        "update_statement",
    }
)
DEPLOY = frozenset(
    {
        "access_statement",
        "alter_table_statement",
        "create_database_statement",
        "create_file_format_segment",
        "create_function_statement",
        "create_procedure_statement",
        "create_schema_statement",
        "create_stage_statement",
        "create_table_statement",
        "insert_statement",
    }
)
ACCOUNT = frozenset(
    {
        "access_statement",
        "alter_network_policy_statement",
        "alter_storage_integration_statement",
        "alter_user_statement",
        "alter_warehouse_statement",
        "alter_resource_monitor_statement",
        "create_database_statement",
        "create_resource_monitor_statement",
        "create_role_statement",
        "create_statement",
        "create_user_statement",
        "use_statement",
    }
)

OPERATORS = frozenset({"+", "-", "*", "/", "%", "||", "and", "or"})
COMPARISONS = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})
# Values come in by these; a literal in their place keeps the statement's shape.
BINDS = re.compile(r"%\(\w+\)s|%s|(?<![:\w]):[a-z]\w*(?!\w|\()|(?<=\s)\?(?=\s|,|\))")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; `line` counts from 1."""

    source: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.rule}: {self.message}"


def check(source: str, sql: str, kinds: frozenset[str] = QUERY, style: bool = True) -> list[Finding]:
    """Everything that is wrong with a text of one or more statements.

    Args:
        kinds: statements that are allowed, by sqlfluff's names.
        style: whether the rules of .sqlfluff count too (not for what other people's macros wrote).
    """
    if not sql.strip():
        return [Finding(source, 1, "statement", "there is no statement")]
    linted = _linter().lint_string(plain(sql), fname=source) if style else None
    parsed = linted or _linter().parse_string(plain(sql), fname=source)
    found = [_problem(source, problem) for problem in (linted.get_violations() if linted else parsed.violations)]
    tree = parsed.tree
    if tree is not None:
        found += [
            Finding(source, segment.pos_marker.working_line_no if segment.pos_marker else 1, rule, message)
            for segment, rule, message in _walk(tree, kinds)
        ]
    return sorted(set(found), key=lambda finding: (finding.line, finding.rule, finding.message))


def check_all(texts: Mapping[str, str], kinds: frozenset[str] = QUERY, style: bool = True) -> list[Finding]:
    """`check` for many texts by name, the longest first and two at a time: parsing is slow."""
    ordered = sorted(texts, key=lambda name: len(texts[name]), reverse=True)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=_begin) as pool:
        found = pool.map(check, ordered, [texts[name] for name in ordered], repeat(kinds), repeat(style))
        return [finding for findings in found for finding in findings]


def _begin() -> None:
    end_with_parent()
    # Trees are many small objects, and Python would look through all of them again and again.
    gc.set_threshold(100_000)


def plain(sql: str) -> str:
    """The text with a value in place of every bind."""
    return BINDS.sub("1", sql).rstrip() + "\n"


@cache
def words(name: str) -> frozenset[str]:
    """The words of a list in the folder words/."""
    lines = (WORDS / f"{name}.txt").read_text().splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _linter() -> Linter:
    return Linter(config=FluffConfig.from_path(str(REPOSITORY)))


def _problem(source: str, problem: SQLBaseError) -> Finding:
    code, text = problem.rule_code(), problem.desc()
    if code in ("PRS", "LXR", "TMP"):
        return Finding(source, problem.line_no, "syntax", text)
    return Finding(source, problem.line_no, "style", f"{text} ({code})")


def _walk(tree: BaseSegment, kinds: frozenset[str]) -> Iterator[tuple[BaseSegment, str, str]]:
    for statement in tree.recursive_crawl("statement"):
        kind = statement.segments[0].get_type()
        if kind not in kinds:
            yield statement, "statement", f"a {kind} is not allowed here; allowed are {', '.join(sorted(kinds))}"
        for segment in statement.recursive_crawl("function_name"):
            if problem := _function_problem(segment.raw.lower(), kind):
                yield segment, "function", problem
    for segment in tree.recursive_crawl("data_type"):
        base = re.split(r"[\s(]", segment.raw.lower())[0]
        if base not in words("types"):
            yield (
                segment,
                "type",
                f"{segment.raw} is not in the list of Snowflake's types (tests/gates/words/types.txt)",
            )
    yield from _operators(tree)
    for segment in tree.recursive_crawl("naked_identifier"):
        if segment.raw.lower() in words("reserved_words"):
            yield segment, "name", f"{segment.raw} is a reserved word in Snowflake"
    for segment in tree.recursive_crawl("quoted_identifier"):
        yield segment, "name", f"{segment.raw} is quoted: names are unquoted everywhere, else their case counts"


def _function_problem(name: str, kind: str) -> str | None:
    if kind == "copy_into_table_statement":
        if name not in words("copy_functions"):
            return f"{name} is not in tests/gates/words/copy_functions.txt: what COPY can use in a transformation"
    elif name not in words("functions") | words("own_functions"):
        return (
            f"{name} is not in tests/gates/words/functions.txt. If Snowflake has it "
            f"(docs.snowflake.com/en/sql-reference/functions/{name}), add it there; DuckDB having it proves nothing"
        )
    return None


def _operators(tree: BaseSegment) -> Iterator[tuple[BaseSegment, str, str]]:
    for kind, allowed in (("binary_operator", OPERATORS), ("comparison_operator", COMPARISONS)):
        for segment in tree.recursive_crawl(kind):
            if segment.raw.lower() not in allowed:
                yield segment, "operator", f"{segment.raw} is not an operator of Snowflake, or means something else"
    for segment in tree.recursive_crawl("array_accessor"):
        if ":" in segment.raw:
            yield segment, "operator", f"{segment.raw} is a slice; Snowflake has array_slice"
    for segment in tree.recursive_crawl("inline_comment"):
        if segment.raw.startswith("//"):
            yield segment, "operator", "// begins a comment in Snowflake, and divides in DuckDB"
