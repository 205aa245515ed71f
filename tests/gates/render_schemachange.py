"""Render every schemachange script offline. Runs in schemachange's own environment, in its folder; prints JSON.

One process for all of them, through the classes that `schemachange render` and `deploy` use.
"""

import json
import logging
import sys

import structlog
from schemachange.config.get_merged_config import get_merged_config
from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor
from schemachange.session.Script import get_all_scripts_recursively
from schemachange.sql_splitter import split_sql_statements


def main() -> None:
    """Print {script: {"text": rendered, "statements": what is sent one by one}}."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    sys.argv = ["schemachange", "deploy"]
    config = get_merged_config(structlog.get_logger())
    processor = JinjaTemplateProcessor(config.root_folder, config.modules_folder)
    rendered = {}
    for script in get_all_scripts_recursively(config.root_folder).values():
        text = processor.render(str(processor.relpath(script.file_path)), config.config_vars)
        rendered[script.name] = {"text": text, "statements": split_sql_statements(text)}
    json.dump(rendered, sys.stdout)


if __name__ == "__main__":
    main()
