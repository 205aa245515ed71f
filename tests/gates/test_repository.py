"""The repository's own SQL passes the gate: schemachange, plain files, compiled dbt, the statements of procedures.

Its other files pass theirs: no secret, and no wait in a browser script that depends on luck.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from snowflake.procedures import manifest, reload_manifest, statements
from tests.gates import inlined, sources
from tests.gates.browser_waits import waits
from tests.gates.gate import ACCOUNT, DEPLOY, LOAD, QUERY, Finding, check, check_all
from tests.gates.secret_scan import repository_files, secrets_in

# What a folder's files may do besides asking.
KINDS = {
    "ingest/": QUERY | {"call_segment", "update_statement"},
    "worksheets/": QUERY | {"set_statement"},
    "transform/": QUERY | {"insert_statement"},
    "bench/": QUERY | {"insert_statement"},
}
PROCEDURES = sources.REPOSITORY / "snowflake" / "procedures"


def expect_none(findings: list[Finding]) -> None:
    if findings:
        pytest.fail("\n".join(str(finding) for finding in findings), pytrace=False)


@pytest.mark.parametrize("integration", ["", "snowtape_s3"])
def test_schemachange_scripts_are_snowflakes_sql(integration: str) -> None:
    scripts = sources.schemachange_scripts(SNOWTAPE_PREFIX="prod/", SNOWTAPE_STORAGE_INTEGRATION=integration)

    expect_none([finding for script in scripts for finding in check(script.name, script.text, DEPLOY)])


def test_plain_files_are_snowflakes_sql() -> None:
    findings = []
    for name, sql in sources.plain_files().items():
        (kinds,) = [allowed for folder, allowed in KINDS.items() if name.startswith(folder)] or [QUERY]
        findings += check(name, sql, kinds)

    expect_none(findings)


def test_account_scripts_are_snowflakes_sql() -> None:
    expect_none([finding for name, sql in sources.account_scripts().items() for finding in check(name, sql, ACCOUNT)])


@pytest.mark.skipif(not (sources.REPOSITORY / "dbt" / "dbt_project.yml").is_file(), reason="there is no dbt project")
def test_compiled_dbt_is_snowflakes_sql(tmp_path: Path) -> None:
    compiled = sources.compiled_dbt(tmp_path)

    assert any("(incremental)" in name for name in compiled)
    expect_none(check_all(compiled, style=False))


def test_statements_of_the_procedure_are_snowflakes_sql() -> None:
    key = manifest.parse_key("manifests/stocks/20261120T231500123456Z-0a1b2c3d.json")
    item = manifest.RawObject(
        f"raw/splits/2026-11-20/{key.manifest_id}/0000.ndjson.gz",
        f"raw/splits/2026-11-20/{key.manifest_id}/",
        "splits",
        size=120,
        sha256="ab" * 32,
        lines=2,
        result_rows=3,
    )
    suspect = {"dataset": "stock_bars", "session": "2026-11-20", "result_rows": 6, "expected_rows": 9, "fetches": 2}
    loaded = manifest.Manifest(
        key, "it's a \\ DAG", "run", is_complete=True, suspect_sessions=(suspect,), objects=(item,)
    )
    now = datetime(2026, 11, 20, 23, 15, tzinfo=UTC)
    sent = [
        statements.lock_family(key, now),
        statements.find_in_ledger(key),
        statements.select_manifest(key),
        statements.list_folder(item.folder),
        statements.copy_objects(key, "splits", [item.key], now),
        statements.count_results(key, "splits"),
        statements.insert_into_ledger(loaded, {item.key: "e'tag"}, now),
        statements.insert_into_rejects(key, "it's \\ bad", now),
        reload_manifest.select_objects(key),
        reload_manifest.delete_rows("splits", key),
    ]

    expect_none([finding for sql in sent for finding in check(sql[:40], sql, LOAD, style=False)])


@pytest.mark.parametrize("path", sorted(PROCEDURES.glob("*.py")), ids=lambda path: path.name)
def test_inlined_python_survives_jinja_and_dollar_quotes(path: Path) -> None:
    assert inlined.problems(path.read_text()) == []


@pytest.mark.parametrize("name", ["load_manifest", "reload_manifest"])
def test_procedure_that_is_deployed_is_its_sources_to_the_letter(name: str) -> None:
    (script,) = [s for s in sources.schemachange_scripts() if s.name == f"R__{name}.sql"]
    (statement,) = script.statements
    _, deployed, end = statement.split("$$")
    (handler,) = re.findall(r"handler = '(\w+)'", statement)

    assert end.strip() == ""
    parts = dict.fromkeys(["manifest", "statements", "staged_objects", "load_manifest", name])
    written = [line for part in parts for line in inlined.code((PROCEDURES / f"{part}.py").read_text())]
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
