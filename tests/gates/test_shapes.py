"""Planted mistakes for each shape that Snowflake refuses, or documents nowhere; and plain ways round, which pass."""

from __future__ import annotations

import pytest

from tests.gates.shapes import RULES, check

# By rule: what it finds, and what it leaves alone.
PLANTED: dict[str, tuple[list[str], list[str]]] = {
    "bound limit": (
        [
            "select a from t limit ?",
            "with runs as (select a from t order by a limit :runs) select a from runs",
            "select a from t offset ?",
        ],
        ["select a from t where b = ? limit 20", "select :rows as limit_of_rows from t limit 20"],
    ),
    "limit in a subquery": (
        [
            "select a from t where a in (select b from u order by b limit 5)",
            "select a from t where exists (select 1 from u where u.a = t.a limit 1)",
        ],
        [
            "select a from t where a = (select b from u order by b limit 1)",
            "select a from (select a from t limit 5) as few",
        ],
    ),
    "correlation": (
        [
            "select t.a from t where not exists (select 1 from u where u.digest = md5(to_json(t.objects)))",
            "select t.a from t where exists (select 1 from u where u.a = t.a and u.b < t.b)",
            "select t.a from t where exists (select 1 from u where u.a = t.a or u.b = 1)",
            "select t.a from t where t.b = (select max(u.b) from u where upper(u.a) = upper(t.a))",
            "select t.a from t where t.b in (select u.b + t.c from u)",
            "select t.a from t where exists (select 1 from u where coalesce(u.a = t.a, false))",
        ],
        [
            "select t.a from t where not exists (select 1 from u where u.a = t.a and u.b = t.b and u.c > 1)",
            "select t.a from t where exists (select 1 from u where lower(u.a) = t.a)",
            "select t.a from t left join u on u.digest = md5(to_json(t.objects)) where u.digest is null",
            "select t.a from t where t.a in (select u.a from u where u.b > 1)",
        ],
    ),
    "correlated scalar": (
        [
            "select t.a from t where t.b = (select u.b from u where u.a = t.a)",
            "select t.a from t where t.b = (select max(u.b) from u where u.a = t.a group by u.c)",
        ],
        [
            "select t.a from t where t.b = (select max(u.b) from u where u.a = t.a)",
            "select t.a from t where t.b = (select u.b from u)",
            "select t.a from t where t.b in (select u.b from u where u.a = t.a)",
        ],
    ),
    "correlated flatten": (
        ["select t.a from t where exists (select 1 from table(flatten(input => t.list)) as f where f.value = 1)"],
        [
            "select t.a from t, lateral flatten(input => t.list) as f where f.value = 1",
            "select t.a from t where t.a in (select f.value from table(flatten(input => parse_json('[1]'))) as f)",
        ],
    ),
    "aggregate beside a subquery": (
        [
            "select max(t.a) as a, (select max(u.a) from u) as b from t",
            "select coalesce(max(t.a), (select min(u.a) from u)) as a from t",
        ],
        [
            "select n.a, (select max(u.a) from u) as b from (select max(t.a) as a from t) as n",
            "select (select max(u.a) from u) as a, (select count(*) from t) as b",
            "select sum(a) over (partition by b) as a, (select max(u.a) from u) as c from t",
        ],
    ),
    "recursion": (
        [
            "with recursive s (n) as (select 1 union all select n + 1 from (select n from s where n < 9) as p) "
            "select n from s",
            "with recursive s (n) as (select 1 union all select 2 from t where t.n in (select n from s)) "
            "select n from s",
        ],
        [
            "with recursive s (n) as (select 1 union all select s.n + 1 from s where s.n < 9) select n from s",
            "with recursive s (n) as (select 1 union all select s.n + t.n from t inner join s on t.n = s.n) "
            "select n from (select n from s) as p",
        ],
    ),
    "recursive part": (
        [
            "with recursive s (n) as (select 1 union all select max(s.n) from s) select n from s",
            "with recursive s (n) as (select 1 union all select distinct s.n from s) select n from s",
            "with recursive s (n) as (select 1 union all select row_number() over (order by s.n) from s) "
            "select n from s",
        ],
        [
            "with recursive s (n) as (select max(t.n) from t union all select s.n + 1 from s where s.n < 9) "
            "select n from s",
        ],
    ),
    "window over an alias": (
        [
            "select a * 2 as b, lag(b) over (order by c) as d from t",
            "select a * 2 as b, sum(a) over (partition by b order by c) as d from t",
            "select a * 2 as b from t qualify row_number() over (order by b) = 1",
        ],
        [
            "select d.b, lag(d.b) over (order by d.c) as e from (select a * 2 as b, c from t) as d",
            "select lag(a) over (order by c) as b, a - b as change from t",
            "select a, lag(a) over (order by c) as b from t",
            "select max(a) over (order by c) as a from t",
        ],
    ),
    "window without order": (
        [
            "select row_number() over (partition by a) as n from t",
            "select lag(a) over (partition by b) as n from t",
            "select last_value(a ignore nulls) over (partition by b) as n from t",
        ],
        ["select row_number() over (order by a) as n from t", "select sum(a) over (partition by b) as n from t"],
    ),
    "ordered median": (
        ["select median(a) over (partition by b order by c) as m from t"],
        ["select median(a) over (partition by b) as m from t", "select median(a) as m from t order by m"],
    ),
    "qualify without window": (
        ["select a from t qualify a > 1"],
        [
            "select a from t qualify row_number() over (order by a) = 1",
            "select a, row_number() over (order by a) as n from t qualify n = 1",
        ],
    ),
}


@pytest.mark.parametrize(("rule", "sql"), [(rule, sql) for rule, (wrong, _) in PLANTED.items() for sql in wrong])
def test_shape_is_found_by_its_rule(rule: str, sql: str) -> None:
    assert rule in {finding.rule for finding in check("planted.sql", sql)}


@pytest.mark.parametrize(("rule", "sql"), [(rule, sql) for rule, (_, right) in PLANTED.items() for sql in right])
def test_what_is_documented_passes(rule: str, sql: str) -> None:
    assert [str(finding) for finding in check("good.sql", sql)] == []


def test_every_rule_has_its_planted_mistakes() -> None:
    assert set(PLANTED) == set(RULES)


def test_finding_names_the_line() -> None:
    (finding,) = check("t.sql", "select a * 2 as b,\n    c,\n    lag(b) over (order by c) as d\nfrom t")

    assert (finding.line, finding.rule) == (3, "window over an alias")
