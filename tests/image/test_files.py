"""Dockerfile and the Astro project, as far as they can be judged without Docker."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from tests.gates.sources import REPOSITORY

TOOLS = Path(sys.executable).parent
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
PINNED = re.compile(r"[\w./-]+:[\w.-]*\d+\.\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}")
# Of this one no digest could be found; docs/security.md says how to print it.
BY_VERSION = "apache/airflow:slim-3.3.2-python3.12"


def said(*command: str | Path, text: str | None = None) -> str:
    """What a linter says; empty when it has nothing to say."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_dockerfile_has_no_finding() -> None:
    assert said(TOOLS / "hadolint", "-", text=DOCKERFILE) == ""


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param("FROM python:latest", id="latest"),
        pytest.param("RUN sudo true", id="sudo"),
        pytest.param("RUN cd /tmp && ls", id="cd"),
        pytest.param("USER root", id="root at the end"),
    ],
)
def test_mistake_in_the_dockerfile_is_found(planted: str) -> None:
    assert said(TOOLS / "hadolint", "-", text=f"{DOCKERFILE}\n{planted}\n")


def test_base_images_are_pinned() -> None:
    images = re.findall(r"^ARG \w+_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)

    assert len(images) == 3
    for image in images:
        assert PINNED.fullmatch(image) or image == BY_VERSION, image


def test_what_is_copied_is_there_and_reaches_the_build() -> None:
    let_in = [line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for source in re.findall(r"^COPY (?:--(?!from)\S+ )*([^-\s]\S*) \S+$", DOCKERFILE, re.MULTILINE):
        assert (REPOSITORY / source).exists(), source
        assert any(source == entry or source.startswith(f"{entry}/") for entry in let_in), source


def test_nothing_secret_reaches_the_build() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()

    assert next(line for line in lines if not line.startswith("#")) == "*"
    assert not any(
        fnmatchcase(name, line[1:]) for name in (".env", "keys", "secrets", ".git") for line in lines if line[:1] == "!"
    )


def test_astro_project_has_the_files_that_its_cli_wants() -> None:
    settings = yaml.safe_load((REPOSITORY / "airflow_settings.yaml").read_text())

    assert yaml.safe_load((REPOSITORY / ".astro" / "config.yaml").read_text()) == {"project": {"name": "snowtape"}}
    assert [(pool["pool_name"], pool["pool_slot"]) for pool in settings["airflow"]["pools"]] == [("polygon_api", 1)]
    # Astro hands each line to apt as it is.
    assert not (REPOSITORY / "packages.txt").read_text().strip()


def test_yaml_files_are_in_order() -> None:
    ours = [".astro", ".github", "airflow_settings.yaml", "docker-compose.yaml", "schemachange", "snowflake"]

    assert said(TOOLS / "yamllint", "--strict", *(REPOSITORY / path for path in ours)) == ""


def test_lock_of_the_image_has_everything_that_dags_and_ingest_import() -> None:
    """Also what is imported only when a task runs, which parsing the DAGs does not show."""
    imported: set[str] = set()
    for folder in ("dags", "ingest"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    imported.add(node.module.partition(".")[0])
    own = {path.name for path in [*REPOSITORY.iterdir(), *(REPOSITORY / "dags").iterdir()]}
    outside = {name for name in imported - sys.stdlib_module_names if name not in own and f"{name}.py" not in own}
    pinned = set(re.findall(r"^([a-z0-9.-]+)==", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE))
    known = packages_distributions()
    lacking = {name for name in outside if not {one.lower().replace("_", "-") for one in known[name]} & pinned}
    assert {"boto3", "requests", "orjson"} <= outside
    assert lacking == set()
