"""What each role can do and cannot do, worked out from every GRANT that an account gets."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

import pytest

from tests.account.conftest import DATABASE
from tests.account.rights import NotUnderstood, Rights, Thing, read_rights
from tests.live.denials import DENIALS, Denial

ROLES = ("deployer", "loader", "transformer", "reader", "operator")
OVERRIDE = "ops.override(varchar,varchar,varchar,varchar,varchar,varchar)"
MUTE, UNMUTE = "ops.mute_test(varchar,number,varchar,varchar,varchar)", "ops.end_test_mute(varchar,varchar,varchar)"
RETRACT = "ops.retract_override(varchar,varchar,varchar,varchar,varchar)"
FITTED_SURFACE = "intermediate.fitted_surface(varchar)"
OPTION_NUMBERS = "intermediate.option_numbers(varchar,varchar,float,float,float,float,float,varchar,float)"
BUILT_BY_DBT = ("staging", "snapshots", "intermediate", "marts", "staging_as_of", "intermediate_as_of", "marts_as_of")

# Everything that a role may do; what is not here, it may not. A name may end with * for all of a schema.
READER = {
    ("usage", "database", DATABASE),
    *(("usage", "schema", schema) for schema in ("marts", "marts_as_of", "ops")),
    *(("select", kind, f"{schema}.*") for kind in ("table", "view") for schema in ("marts", "marts_as_of", "ops")),
}
MATRIX: dict[str, set[tuple[str, str, str]]] = {
    "deployer": {
        ("usage", "database", DATABASE),
        ("create schema", "database", DATABASE),
        ("usage", "database", f"{DATABASE}_scratch"),
        ("create schema", "database", f"{DATABASE}_scratch"),
        ("usage", "integration", f"{DATABASE}_s3"),
        ("usage", "warehouse", f"{DATABASE}_deployer"),
        ("ownership", "schema", "*"),
        ("ownership", "procedure", "raw.*"),
        ("ownership", "function", "intermediate.*"),
        ("ownership", "stage", "raw.*"),
        ("ownership", "file format", "raw.*"),
        ("ownership", "table", "raw.*"),
        ("ownership", "table", "ops.builds"),
        ("ownership", "table", "ops.build_models"),
        ("ownership", "table", "ops.dbt_test_results"),
        ("ownership", "table", "ops.dbt_failing_rows"),
        ("ownership", "table", "ops.overrides"),
        ("ownership", "table", "ops.test_mutes"),
        ("ownership", "procedure", "ops.*"),
        ("select", "table", "snapshots.*"),
    },
    "loader": {
        ("usage", "database", DATABASE),
        ("usage", "warehouse", f"{DATABASE}_loader"),
        ("usage", "schema", "raw"),
        ("usage", "schema", "ops"),
        ("usage", "procedure", "raw.load_manifest(varchar)"),
        ("usage", "procedure", "raw.load_manifests(varchar)"),
        ("select", "table", "raw.load_ledger"),
        ("select", "table", "raw.load_rejects"),
        ("select", "table", "raw.load_watermarks"),
        ("update", "table", "raw.load_watermarks"),
        ("select", "table", "ops.dbt_test_results"),
        ("insert", "table", "ops.dbt_test_results"),
        ("select", "table", "ops.builds"),
        ("select", "table", "ops.overrides"),
    },
    "transformer": {
        ("usage", "database", DATABASE),
        ("usage", "warehouse", f"{DATABASE}_transformer"),
        ("usage", "schema", "raw"),
        ("select", "table", "raw.*"),
        ("usage", "function", FITTED_SURFACE),
        ("usage", "function", OPTION_NUMBERS),
        *((p, "schema", s) for p in ("usage", "create table", "create view") for s in (*BUILT_BY_DBT, "ops")),
        *(("ownership", kind, f"{schema}.*") for kind in ("table", "view") for schema in BUILT_BY_DBT),
        ("ownership", "view", "ops.*"),
        ("select", "table", "ops.builds"),
        ("insert", "table", "ops.builds"),
        ("select", "table", "ops.build_models"),
        ("insert", "table", "ops.build_models"),
        ("select", "table", "ops.dbt_test_results"),
        ("select", "table", "ops.dbt_failing_rows"),
        ("select", "table", "ops.overrides"),
        ("select", "table", "ops.test_mutes"),
        ("insert", "table", "ops.dbt_failing_rows"),
    },
    "reader": READER | {("usage", "warehouse", f"{DATABASE}_reader")},
    "operator": READER
    | {
        ("usage", "warehouse", f"{DATABASE}_reader"),
        ("usage", "schema", "raw"),
        ("usage", "procedure", "raw.reload_manifest(varchar)"),
        ("usage", "procedure", OVERRIDE),
        ("usage", "procedure", RETRACT),
        ("usage", "procedure", MUTE),
        ("usage", "procedure", UNMUTE),
        *((privilege, "schema", "apps") for privilege in ("usage", "create streamlit", "create stage")),
        ("ownership", "streamlit", "apps.operator"),
    },
}
MEMBERS = {
    *((f"{DATABASE}_{role}", "sysadmin") for role in ("deployer", "loader", "transformer", "operator")),
    (f"{DATABASE}_reader", f"{DATABASE}_operator"),
    ("database role snowflake.usage_viewer", f"{DATABASE}_operator"),
    ("database role snowflake.governance_viewer", f"{DATABASE}_operator"),
    *((f"{DATABASE}_{role}", f"user {DATABASE}_deploy") for role in ("deployer", "operator", "transformer")),
    (f"{DATABASE}_loader", f"user {DATABASE}_load"),
    (f"{DATABASE}_transformer", f"user {DATABASE}_transform"),
    (f"{DATABASE}_reader", f"user {DATABASE}_dashboard"),
}


def differences(statements: Iterable[str], things: list[Thing]) -> list[str]:
    """Every way in which these statements give other rights than the matrix, as a line for people."""
    rights = read_rights(statements)
    found = [f"{grant} is on nothing that exists" for grant in rights.without_object(things)]
    found += [f"{grant} is in a schema that the role cannot enter" for grant in rights.without_schema()]
    found += [f"{inner} is granted to {outer}" for inner, outer in rights.members - MEMBERS]
    found += [f"{inner} is not granted to {outer}" for inner, outer in MEMBERS - rights.members]
    for role in ROLES:
        allowed = rights.allowed(f"{DATABASE}_{role}", things, DATABASE)
        wanted = expand(MATRIX[role], things)
        found += [f"{role} may {what} and should not" for what in sorted(allowed - wanted)]
        found += [f"{role} may not {what} and should" for what in sorted(wanted - allowed)]
    return found


def expand(rows: set[tuple[str, str, str]], things: list[Thing]) -> set[tuple[str, str, str]]:
    """Rows with each name that a pattern stands for."""
    return {
        (privilege, kind, thing.name)
        for privilege, kind, pattern in rows
        for thing in things
        if thing.kind == kind and fnmatchcase(thing.name, pattern)
    }


def test_roles_may_do_what_the_matrix_says_and_nothing_else(statements: list[str], things: list[Thing]) -> None:
    assert differences(statements, things) == []


@pytest.fixture(scope="module")
def rights(statements: list[str]) -> Rights:
    return read_rights(statements)


def can(rights: Rights, things: list[Thing], role: str, privilege: str, name: str) -> bool:
    """Whether a role has a privilege on an object, or owns it."""
    found = rights.allowed(f"{DATABASE}_{role}", things, DATABASE)
    return any(found_name == name and what in (privilege, "ownership") for what, _, found_name in found)


@pytest.mark.parametrize("denial", DENIALS, ids=[f"{denial.role}: {denial.statement}" for denial in DENIALS])
def test_what_the_account_is_asked_to_deny_no_grant_allows(rights: Rights, things: list[Thing], denial: Denial) -> None:
    """tests/live tries these on an account, and that another role may do the same."""
    assert any(thing.name == denial.name for thing in things)
    assert not can(rights, things, denial.role, denial.privilege, denial.name)
    assert not denial.may or can(rights, things, denial.may, denial.privilege, denial.name)


def test_reader_only_selects_and_only_from_marts_and_ops(rights: Rights, things: list[Thing]) -> None:
    allowed = rights.allowed(f"{DATABASE}_reader", things, DATABASE)

    objects = {row for row in allowed if row[1] not in ("database", "schema", "warehouse")}
    assert {privilege for privilege, _, _ in objects} == {"select"}
    assert {name.partition(".")[0] for _, _, name in objects} == {"marts", "marts_as_of", "ops"}


def test_loader_calls_the_procedure_and_writes_no_market_data(rights: Rights, things: list[Thing]) -> None:
    allowed = rights.allowed(f"{DATABASE}_loader", things, DATABASE)

    assert can(rights, things, "loader", "usage", "raw.load_manifest(varchar)")
    assert can(rights, things, "loader", "usage", "raw.load_manifests(varchar)")
    assert not can(rights, things, "loader", "usage", "raw.reload_manifest(varchar)")
    writes = {(privilege, name) for privilege, kind, name in allowed if kind == "table" and privilege != "select"}
    assert writes == {("update", "raw.load_watermarks"), ("insert", "ops.dbt_test_results")}
    assert not can(rights, things, "loader", "select", "raw.stock_bars")


def test_operator_alone_mutes_tests_and_nobody_writes_the_table(rights: Rights, things: list[Thing]) -> None:
    for procedure in (MUTE, UNMUTE):
        assert {role for role in ROLES if can(rights, things, role, "usage", procedure)} == {"operator", "deployer"}
    assert not [role for role in ROLES for what in ("insert", "update", "delete")
                if role != "deployer" and can(rights, things, role, what, "ops.test_mutes")]  # fmt: skip


def test_operator_alone_overrules_the_vendor_and_nobody_writes_the_table(rights: Rights, things: list[Thing]) -> None:
    assert {role for role in ROLES if can(rights, things, role, "usage", OVERRIDE)} == {"operator", "deployer"}
    assert not [role for role in ROLES for what in ("insert", "update", "delete")
                if role != "deployer" and can(rights, things, role, what, "ops.overrides")]  # fmt: skip
    assert can(rights, things, "reader", "select", "ops.overrides")


def test_transformer_writes_nothing_in_raw(rights: Rights, things: list[Thing]) -> None:
    allowed = rights.allowed(f"{DATABASE}_transformer", things, DATABASE)

    in_raw = {(privilege, kind) for privilege, kind, name in allowed if name.startswith("raw")}
    assert in_raw == {("usage", "schema"), ("select", "table")}


def test_nobody_but_the_deployer_owns_what_dbt_and_the_app_did_not_create(rights: Rights, things: list[Thing]) -> None:
    assert "ownership" not in {grant.privilege for grant in rights.grants}
    for role in ROLES:
        owned = {
            name for what, _, name in rights.allowed(f"{DATABASE}_{role}", things, DATABASE) if what == "ownership"
        }
        assert {thing.owner for thing in things if thing.name in owned} <= {f"{DATABASE}_{role}"}
    assert {thing.owner for thing in things if thing.name.startswith("raw")} == {f"{DATABASE}_deployer"}


@pytest.mark.parametrize(
    "planted",
    [
        "grant insert on table raw.stock_bars to role snowtape_loader",
        "grant select on table raw.stock_bars to role snowtape_loader",
        "grant usage on procedure raw.reload_manifest(varchar) to role snowtape_loader",
        "grant usage on integration snowtape_s3 to role snowtape_loader",
        "grant insert on future tables in schema raw to role snowtape_transformer",
        "grant create table on schema raw to role snowtape_transformer",
        "grant delete on all tables in schema marts to role snowtape_reader",
        "grant usage on schema raw to role snowtape_reader",
        "grant all privileges on table ops.builds to role snowtape_reader",
        "grant select on future tables in schema snapshots to role snowtape_reader",
        "grant create schema on database snowtape to role snowtape_transformer",
        "grant usage on warehouse snowtape_transformer to role snowtape_reader",
        "grant modify on warehouse snowtape_reader to role snowtape_operator",
        "grant select on table staging.not_there_yet to role snowtape_reader",
        "grant ownership on schema marts to role snowtape_transformer",
        "grant role snowtape_deployer to role snowtape_reader",
        "grant role snowtape_deployer to user snowtape_load",
        "grant role sysadmin to user snowtape_deploy",
        "grant database role snowflake.security_viewer to role snowtape_reader",
    ],
)
def test_one_grant_too_many_is_found(planted: str, statements: list[str], things: list[Thing]) -> None:
    assert differences([*statements, planted], things)


@pytest.mark.parametrize(
    "planted",
    [
        "grant manage grants on account to role snowtape_deployer",
        "grant select on future tables in database snowtape to role snowtape_reader",
        "grant select on all tables in schema marts to role snowtape_reader with grant option",
        "grant select on all dynamic tables in schema marts to role snowtape_reader",
        "grant select on table marts.dim_polygon__tickers to share partner",
        "revoke select on table marts.dim_polygon__tickers from role snowtape_reader",
    ],
)
def test_grant_of_an_unknown_form_is_refused(planted: str, statements: list[str]) -> None:
    with pytest.raises(NotUnderstood):
        read_rights([*statements, planted])


def test_every_missing_grant_is_found(statements: list[str], things: list[Thing]) -> None:
    for grant in [statement for statement in statements if statement.startswith("grant")]:
        kept = [statement for statement in statements if statement != grant]
        # On the first day there is nothing for "all", or everything: either half of all and future would do for the
        # rights of one moment, and their being a pair is a test of its own.
        if " all " not in grant and " future " not in grant:
            assert differences(kept, things), grant


def test_what_holds_for_all_objects_of_a_schema_holds_for_future_ones(rights: Rights) -> None:
    scopes = {
        scope: {(g.privilege, g.kind, g.name, g.role) for g in rights.grants if g.scope == scope}
        for scope in ("all", "future")
    }

    assert scopes["all"] == scopes["future"] != set()
