"""Compile the dbt project offline, as a first build and as a later one. One process for both: dbt is slow to start.

Usage: python compile_dbt.py <project folder> <target folder>; compiled SQL lands in <target folder>/{first,later}.
"""

import sys
from pathlib import Path

from dbt.cli.main import dbtRunner

# dbt's own asks the warehouse whether the table exists.
IS_INCREMENTAL = """
{% macro is_incremental() %}{{ return(var('later') and model.config.materialized == 'incremental') }}{% endmacro %}
"""


def main(project: Path, target: Path) -> int:
    """Return 0, or 1 when dbt could not compile something."""
    (project / "macros" / "is_incremental.sql").write_text(IS_INCREMENTAL)
    common = [*("--quiet", "--no-partial-parse"), *("--project-dir", str(project)), *("--profiles-dir", str(project))]
    parsed = dbtRunner().invoke(["parse", *common, *_options("first", target)])
    if not parsed.success:
        print(parsed.exception, file=sys.stderr)
        return 1
    # dbt can't copy them, and nothing here asks for one.
    parsed.result.selectors = {}
    for build, selected in (("first", []), ("later", ["--select", "config.materialized:incremental"])):
        offline = ["--no-introspect", "--no-populate-cache"]
        runner = dbtRunner(manifest=parsed.result.deepcopy())
        done = runner.invoke(["compile", *common, *offline, *_options(build, target), *selected])
        if not done.success:
            print(done.exception, file=sys.stderr)
            return 1
    return 0


def _options(build: str, target: Path) -> list[str]:
    later = str(build == "later").lower()
    folder = str(target / build)
    return ["--target-path", folder, "--log-path", folder, "--vars", f"{{later: {later}}}"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
