"""What each role must not do, and how it is tried. tests/account holds the list against the grants."""

from __future__ import annotations

from typing import NamedTuple

OVERRIDE = "ops.override(varchar,varchar,varchar,varchar,varchar,varchar)"
CALL_OVERRIDE = "call ops.override('x', 'x', 'x', 'x', 'x', 'x')"
# Snowflake's words for a right that a role lacks: what it may not see is not there, and a procedure is a function.
DENIED = r"(?i)insufficient privileges|not authorized|does not exist,? or|unknown user-defined function"


class Denial(NamedTuple):
    """A role that lacks a privilege on an object, and a statement that takes it. `may`: a role that has it and can be
    seen to succeed, which shows that the statement has no other fault; "" where it would change something.
    """

    role: str
    privilege: str
    name: str
    statement: str
    may: str = ""


DENIALS = (
    Denial("loader", "select", "raw.stock_bars", "select count(*) from raw.stock_bars", "transformer"),
    Denial("loader", "insert", "raw.load_rejects", "insert into raw.load_rejects (manifest_id) values ('x')"),
    Denial("loader", "delete", "raw.load_ledger", "delete from raw.load_ledger"),
    Denial("loader", "usage", "raw.landing", "list @raw.landing/none", "deployer"),
    Denial("loader", "usage", "raw.reload_manifest(varchar)", "call raw.reload_manifest('x')", "operator"),
    Denial("loader", "select", "ops.dbt_failing_rows", "select count(*) from ops.dbt_failing_rows", "reader"),
    Denial("loader", "usage", OVERRIDE, CALL_OVERRIDE, "operator"),
    Denial("transformer", "delete", "raw.stock_bars", "delete from raw.stock_bars"),
    Denial("transformer", "create table", "raw", "create table raw.mine (x number)"),
    Denial("transformer", "usage", "raw.load_manifest(varchar)", "call raw.load_manifest('x')", "loader"),
    Denial("transformer", "insert", "ops.overrides", "insert into ops.overrides (override_id) values ('x')"),
    Denial("transformer", "ownership", "marts", "grant select on all tables in schema marts to role public"),
    Denial("reader", "select", "raw.load_ledger", "select count(*) from raw.load_ledger", "loader"),
    Denial("reader", "select", "raw.stock_bars", "select count(*) from raw.stock_bars", "transformer"),
    Denial("reader", "delete", "ops.dbt_test_results", "delete from ops.dbt_test_results"),
    Denial("reader", "create view", "marts", "create view marts.mine as select 1 as one"),
    Denial("reader", "usage", "raw.load_manifest(varchar)", "call raw.load_manifest('x')", "loader"),
    Denial("reader", "usage", OVERRIDE, CALL_OVERRIDE, "operator"),
    Denial("operator", "usage", "raw.load_manifest(varchar)", "call raw.load_manifest('x')", "loader"),
    Denial("operator", "select", "raw.stock_bars", "select count(*) from raw.stock_bars", "transformer"),
    Denial("operator", "delete", "ops.overrides", "delete from ops.overrides"),
    Denial("deployer", "ownership", "snowtape", "drop database identifier($database)"),
)
