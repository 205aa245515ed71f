"""Dockerfile, compose file and the Astro project, as far as they can be judged without Docker."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gates.sources import REPOSITORY

TOOLS = Path(sys.executable).parent
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
COMPOSE = (REPOSITORY / "docker-compose.yaml").read_text()
# Base images: by a version that says all of it, never "latest"; digests can't be looked up where this is written.
PINNED = re.compile(r"[\w./-]+:[\w.-]*\d+\.\d+(\.\d+)?[\w.-]*")


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
    images += [service["image"] for service in services().values() if not service["image"].startswith("$")]

    assert len(images) == 4
    for image in images:
        assert PINNED.fullmatch(image), image


def test_what_is_copied_is_there_and_reaches_the_build() -> None:
    let_in = [line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for source in re.findall(r"^COPY (?:--\S+ )*(\S+) \S+$", DOCKERFILE, re.MULTILINE):
        assert (REPOSITORY / source).exists(), source
        assert any(source == entry or source.startswith(f"{entry}/") for entry in let_in), source


def test_nothing_secret_reaches_the_build() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()

    assert next(line for line in lines if not line.startswith("#")) == "*"
    assert not any(
        fnmatchcase(name, line[1:]) for name in (".env", "keys", ".git") for line in lines if line[:1] == "!"
    )


def services() -> dict[str, Any]:
    composed: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return composed


def test_compose_file_has_the_form_of_one(tmp_path: Path) -> None:
    schema = (TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec")
    broken = tmp_path / "docker-compose.yaml"
    broken.write_text(COMPOSE.replace("healthcheck:", "health_check:"))

    assert said(*schema, REPOSITORY / "docker-compose.yaml") == ""
    assert said(*schema, broken)


def test_every_part_of_airflow_is_there_and_healthy_by_its_own_word() -> None:
    parts = services()

    airflow = {"api-server", "scheduler", "dag-processor", "triggerer", "worker"}
    assert airflow | {"init", "postgres", "redis", "dashboard", "streamlit"} == set(parts)
    for name in airflow | {"postgres", "redis", "streamlit"}:
        assert parts[name]["healthcheck"]["test"], name
    for name in airflow:
        assert parts[name]["depends_on"] == {"init": {"condition": "service_completed_successfully"}}, name


def test_ports_are_open_to_this_machine_only_unless_said_otherwise() -> None:
    for name, service in services().items():
        for port in service.get("ports", []):
            assert re.fullmatch(r"\$\{\w+_BIND:-127\.0\.0\.1\}:\d+:\d+", port), name


def test_whatever_has_to_be_set_is_in_the_example() -> None:
    example = (REPOSITORY / ".env.example").read_text()

    for variable in set(re.findall(r"\$\{(\w+):\?", COMPOSE)):
        assert re.search(rf"^{variable}=$", example, re.MULTILINE), variable


def test_dashboard_gets_a_readers_settings_and_nobody_elses() -> None:
    for name in ("dashboard", "streamlit"):
        service = services()[name]
        assert service["environment"]["SNOWFLAKE_ROLE"].endswith("_READER")
        assert "env_file" not in service


def test_astro_project_has_the_files_that_its_cli_wants() -> None:
    settings = yaml.safe_load((REPOSITORY / "airflow_settings.yaml").read_text())

    assert yaml.safe_load((REPOSITORY / ".astro" / "config.yaml").read_text()) == {"project": {"name": "snowtape"}}
    assert [(pool["pool_name"], pool["pool_slot"]) for pool in settings["airflow"]["pools"]] == [("polygon_api", 1)]
    # Astro hands each line to apt as it is.
    assert not (REPOSITORY / "packages.txt").read_text().strip()


def test_yaml_files_are_in_order() -> None:
    ours = [".astro", ".github", "airflow_settings.yaml", "docker-compose.yaml", "schemachange", "snowflake"]

    assert said(TOOLS / "yamllint", "--strict", *(REPOSITORY / path for path in ours)) == ""
