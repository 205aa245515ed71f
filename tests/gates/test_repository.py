"""The repository's own SQL passes the gate: schemachange, plain files, compiled dbt, the statements of procedures.

Its other files pass theirs: no secret, and no wait in a browser script that depends on luck.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest
from snowflake.snowpark import Row

from dashboard.data.sql import bind, parameters
from ingest.manifest_document import Refusal
from scripts import judge
from snowflake.procedures import load_manifest, load_manifests, overrides, reload_manifest
from tests.gates import deployed, inlined, owners_rights, shapes, sources, typed
from tests.gates.browser_waits import waits
from tests.gates.gate import ACCOUNT, DEPLOY, LOAD, QUERY, Finding, check, check_all
from tests.gates.repeats import without_repeats
from tests.gates.secret_scan import repository_files, secrets_in
from tests.snowflake.stub import BARS, KEY, on_a_stage

# What a folder's files may do besides asking.
KINDS = {
    "ingest/": QUERY | {"call_segment", "update_statement"},
    "worksheets/": QUERY | {"set_statement"},
    "transform/": QUERY | {"insert_statement"},
    "bench/": QUERY | {"insert_statement"},
}
PROCEDURES = sources.REPOSITORY / "snowflake" / "procedures"
# In the order in which R__<function>.sql has them: a module comes after what it imports.
PRICING = {
    "fitted_surface": ("rules", "european", "ssvi", "surface", "chain"),
    "option_numbers": (
        "rules", "european", "boundary", "american", "implied", "dividends", "schedule", "options",
    ),
}  # fmt: skip
FUNCTIONS = {
    function: [
        *(sources.REPOSITORY / "pricing" / f"{name}.py" for name in names),
        sources.REPOSITORY / "snowflake" / "functions" / f"{function}.py",
    ]
    for function, names in PRICING.items()
}
READER = sources.REPOSITORY / "ingest" / "manifest_document.py"
SOURCES = [READER, *sorted(PROCEDURES.glob("*.py"))]


def expect_none(findings: list[Finding]) -> None:
    if findings:
        pytest.fail("\n".join(str(finding) for finding in findings), pytrace=False)


@pytest.mark.slow
@pytest.mark.parametrize("integration", ["", "snowtape_s3"])
def test_schemachange_scripts_are_snowflakes_sql(integration: str) -> None:
    scripts = sources.schemachange_scripts(SNOWTAPE_PREFIX="prod/", SNOWTAPE_STORAGE_INTEGRATION=integration)

    expect_none([finding for script in scripts for finding in check(script.name, script.text, DEPLOY)])


@pytest.mark.slow
def test_plain_files_are_snowflakes_sql() -> None:
    findings = []
    for name, sql in sources.plain_files().items():
        (kinds,) = [allowed for folder, allowed in KINDS.items() if name.startswith(folder)] or [QUERY]
        findings += check(name, sql, kinds)

    expect_none(findings)


@pytest.mark.slow
def test_account_scripts_are_snowflakes_sql() -> None:
    expect_none([finding for name, sql in sources.account_scripts().items() for finding in check(name, sql, ACCOUNT)])


@dataclass(frozen=True)
class Compiled:
    """The dbt project as `sources.compiled_dbt` gives it, with dbt's manifest of it."""

    texts: Mapping[str, str]
    manifest: Path


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    folder = tmp_path_factory.mktemp("compiled")
    return Compiled(sources.compiled_dbt(folder), folder / "first" / "manifest.json")


def test_compiled_dbt_is_snowflakes_sql(compiled: Compiled) -> None:
    assert any("(incremental)" in name for name in compiled.texts)
    expect_none(check_all(without_repeats(compiled.texts), style=False))


def as_sent(name: str, text: str) -> str:
    """A plain file's text as it is sent: binds as binds, and what Python pastes pasted."""
    if name.startswith("dashboard/"):
        text, _ = bind(text, {parameter: judge.VALUES[parameter] for parameter in parameters(text)})
    return re.sub(r"%\(\w+\)s|%s", "1", text)


def test_no_statement_has_a_shape_that_snowflake_refuses(compiled: Compiled) -> None:
    plain = {name: as_sent(name, text) for name, text in sources.plain_files().items()}

    expect_none([finding for name, sql in {**plain, **compiled.texts}.items() for finding in shapes.check(name, sql)])


def test_every_name_and_type_fits_the_deployed_schema(compiled: Compiled) -> None:
    schema, findings = deployed.deployed_schema(sources.schemachange_scripts(), compiled.texts, compiled.manifest)
    queries = {path.relative_to(sources.REPOSITORY).as_posix(): path.read_text() for path in judge.query_files()}

    assert len(queries) > 40
    expect_none(findings)
    for name, text in queries.items():
        findings += typed.check(name, judge.with_values(name, text), schema)
    for name, text in compiled.texts.items():
        findings += typed.check(name, text, schema)
    expect_none(findings)


def test_statements_of_the_procedures_are_snowflakes_sql_and_for_owners_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    session = on_a_stage(monkeypatch)
    session.ledger = []
    # Everything that is ever sent: a load, a reload of what is loaded, a second look at an object, a refusal.
    load_manifest.main(session, KEY)
    load_manifests.load_list(session, f'["{KEY}"]')
    session.content_keys = {BARS: "not-an-md5"}
    session.replies = {"delete": [Row(1)], "select objects": [Row("[]")]}
    reload_manifest.reload(session, KEY)
    session.files[KEY] = b"it's \\ bad"
    with pytest.raises(Refusal):
        load_manifest.main(session, KEY)

    sent = {re.sub(r"\d", "0", sql): sql for sql in session.sent}.values()
    assert {sql.split()[0] for sql in sent} == {
        "begin", "commit", "copy", "delete", "insert", "rollback", "select", "update",
    }  # fmt: skip
    bound = [overrides.find_row(dataset) for dataset in overrides.SHAPES]
    bound += [overrides.NEWEST_DECISION, overrides.INSERT]
    expect_none([finding for sql in [*sent, *bound] for finding in check(sql[:40], sql, LOAD, style=False)])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_procedures_use_nothing_of_snowpark_that_owners_rights_may_lack(path: Path) -> None:
    assert owners_rights.problems(path.read_text()) == []


def test_all_procedures_run_as_their_owner() -> None:
    scripts = [script.text for script in sources.schemachange_scripts() if "create or replace procedure" in script.text]
    assert len(scripts) == 7
    assert all("execute as owner\nas\n$$" in text for text in scripts)


@pytest.mark.parametrize(
    "path", sorted({*SOURCES, *chain.from_iterable(FUNCTIONS.values())}), ids=lambda path: path.name
)
def test_inlined_python_survives_jinja_and_dollar_quotes(path: Path) -> None:
    assert inlined.problems(path.read_text()) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_that_is_deployed_is_its_sources_to_the_letter(function: str) -> None:
    (script,) = [s for s in sources.schemachange_scripts() if s.name == f"R__{function}.sql"]
    (statement,) = script.statements
    _, deployed, end = statement.split("$$")

    assert end.strip() == ""
    written = [line for file in FUNCTIONS[function] for line in inlined.code(file.read_text())]
    assert [line for line in deployed.splitlines() if line not in ("", "#", "# ")] == written
    compile(deployed, script.name, "exec")


LOADER = [READER, *(PROCEDURES / f"{part}.py" for part in ("statements", "staged_objects", "load_manifest"))]
INLINED = {
    "load_manifest": LOADER,
    "load_manifests": [*LOADER, PROCEDURES / "load_manifests.py"],
    "reload_manifest": [*LOADER, PROCEDURES / "reload_manifest.py"],
    "override": [PROCEDURES / "overrides.py"],
    "retract_override": [PROCEDURES / "overrides.py"],
    "mute_test": [PROCEDURES / "mutes.py"],
    "end_test_mute": [PROCEDURES / "mutes.py"],
}


@pytest.mark.parametrize("name", INLINED)
def test_procedure_that_is_deployed_is_its_sources_to_the_letter(name: str) -> None:
    (script,) = [s for s in sources.schemachange_scripts() if s.name == f"R__{name}.sql"]
    (statement,) = script.statements
    _, deployed, end = statement.split("$$")
    (handler,) = re.findall(r"handler = '(\w+)'", statement)

    assert end.strip() == ""
    written = [line for file in INLINED[name] for line in inlined.code(file.read_text())]
    assert [line for line in deployed.splitlines() if line not in ("", "#", "# ")] == written
    # What Snowflake compiles when it is called must compile now, and know every name.
    names: dict[str, object] = {}
    exec(compile(deployed, script.name, "exec"), names)
    assert callable(names[handler])


def test_no_secret_stands_in_the_repository() -> None:
    files = repository_files(sources.REPOSITORY)

    assert len(files) > 100
    expect_none([finding for name, text in files.items() for finding in secrets_in(name, text)])


def test_no_browser_script_waits_by_eval_or_by_the_clock() -> None:
    files = {name: text for name, text in repository_files(sources.REPOSITORY).items() if name.endswith(".py")}

    assert "tests/browser/test_dashboard.py" in files
    expect_none([finding for name, text in files.items() for finding in waits(name, text)])
