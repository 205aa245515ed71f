"""`schemachange deploy` that refuses a history that was rewritten. Run by scripts/deploy in schemachange's environment.

schemachange itself only notes that a versioned script has changed since it was deployed, and says nothing of one that
has gone. Either means that a new database would come out different from this one. A script whose number is too low is
refused by schemachange (raise-exception-on-ignored-versioned-script).
"""

from __future__ import annotations

import hashlib
import logging
import sys

import structlog
from schemachange.config.DeployConfig import DeployConfig
from schemachange.config.get_merged_config import get_merged_config
from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor
from schemachange.session.Script import get_all_scripts_recursively
from schemachange.session.SnowflakeSession import SnowflakeSession

from schemachange import cli


def main() -> int:
    """Check, then deploy; the arguments are those of `schemachange deploy`."""
    sys.argv = ["schemachange", "deploy", *sys.argv[1:]]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    config = get_merged_config(structlog.get_logger())
    assert isinstance(config, DeployConfig)
    try:
        rewritten = rewritten_scripts(config)
    except ValueError as error:  # two scripts of one number, a name that is none
        print(f"Refused, and nothing was deployed: {error}", file=sys.stderr)
        return 1
    if rewritten:
        print("Refused, and nothing was deployed:", *rewritten, sep="\n  ", file=sys.stderr)
        print("A versioned script stays as it was deployed; write a new one (schemachange/README.md).", file=sys.stderr)
        return 1
    cli.main()
    return 0


def rewritten_scripts(config: DeployConfig) -> list[str]:
    """What is wrong with the versioned scripts that the database says were deployed; reads only."""
    session = SnowflakeSession(
        schemachange_version=cli.SCHEMACHANGE_VERSION,
        application=cli.SNOWFLAKE_APPLICATION_NAME,
        logger=structlog.get_logger(),
        change_history_table=config.change_history_table,
        **config.get_session_kwargs(),
    )
    if not session.fetch_change_history_metadata():
        return []
    deployed, _ = session.fetch_versioned_scripts()
    present = {script.name: script for script in get_all_scripts_recursively(config.root_folder).values()}
    processor = JinjaTemplateProcessor(config.root_folder, config.modules_folder)
    found = []
    for name, row in sorted(deployed.items()):
        if name not in present:
            found.append(f"{name} was deployed but no longer exists")
            continue
        text = processor.render(str(processor.relpath(present[name].file_path)), config.config_vars)
        if hashlib.sha224(text.encode()).hexdigest() != row["checksum"]:
            found.append(f"{name} has changed since it was deployed")
    return found


if __name__ == "__main__":
    sys.exit(main())
