"""What is wrong with a compose file, read service by service after its anchors and merges are resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

DATABASE = {"postgres_password"}
BROKER = {"redis_password"}
ALERTS = {"alert_webhook_url", "smtp_password"}


class Expected(NamedTuple):
    """What one service needs: secrets, networks, and what may be in its environment by the start of its names."""

    secrets: set[str]
    networks: set[str]
    environment: tuple[str, ...] = ()


AIRFLOW = (
    "AIRFLOW__CORE__",
    "AIRFLOW__DATABASE__",
    "AIRFLOW__OPENLINEAGE__",
    "AIRFLOW_CONFIG",
    "XDG_CACHE_HOME",
    "POLYGON_PLAN",
    "POLYGON_LAG_HOURS",
    "SNOWTAPE_EXCHANGE_CLOSURES",
)
MAIL = ("SNOWTAPE_ALERT_", "SNOWTAPE_SMTP_")
READER = (
    "SNOWFLAKE_",
    "SNOWTAPE_BEHIND_PROXY",
    "SNOWTAPE_DASHBOARD_HOSTS",
    "POLYGON_PLAN",
    "POLYGON_LAG_HOURS",
    "HOME",
)
SERVICES = {
    "postgres": Expected(DATABASE, {"back"}, ("POSTGRES_",)),
    "redis": Expected(BROKER, {"back"}),
    "init": Expected(DATABASE | {"fernet_key"}, {"back"}, AIRFLOW),
    "api-server": Expected(
        DATABASE | {"fernet_key", "jwt_secret", "api_secret_key"},
        {"front", "back"},
        (*AIRFLOW, "AIRFLOW__API__", "AIRFLOW__API_AUTH__"),
    ),
    "scheduler": Expected(
        DATABASE | BROKER | {"fernet_key", "jwt_secret"},
        {"back", "out"},
        (*AIRFLOW, "AIRFLOW__CELERY__", "AIRFLOW__API_AUTH__", "AIRFLOW__SCHEDULER__"),
    ),
    "dag-processor": Expected(DATABASE | ALERTS, {"back", "out"}, (*AIRFLOW, *MAIL)),
    "triggerer": Expected(
        DATABASE | ALERTS | {"fernet_key", "api_secret_key"}, {"back", "out"}, (*AIRFLOW, *MAIL, "AIRFLOW__API__")
    ),
    "worker": Expected(
        BROKER
        | ALERTS
        | {"polygon_flat_files_secret_access_key"}
        | {"api_secret_key", "polygon_api_key", "loader_key", "transformer_key", "aws_credentials"},
        {"back", "out"},
        (
            *(name for name in AIRFLOW if name != "AIRFLOW__DATABASE__"),
            *MAIL,
            "AIRFLOW__API__",
            "AIRFLOW__CELERY__",
            "AIRFLOW__SECRETS__",
            "AIRFLOW_CONN_SNOWFLAKE_DEFAULT",
            "DUMB_INIT_SETSID",
            "SNOWFLAKE_",
            "POLYGON_",
            "SNOWTAPE_TICKERS",
            "SNOWTAPE_UNDERLYINGS",
            "SNOWTAPE_BUCKET",
            "SNOWTAPE_PREFIX",
            "AWS_DEFAULT_REGION",
            "AWS_SHARED_CREDENTIALS_FILE",
        ),
    ),
    "dashboard": Expected({"dashboard_key"}, {"front"}, READER),
    "streamlit": Expected({"dashboard_key"}, {"front"}, READER),
    "auth-proxy": Expected({"oauth2_client_secret", "oauth2_cookie_secret"}, {"front"}, ("OAUTH2_PROXY_",)),
}
# Services that run as their image's own user and are in group 0 beside it.
OWN_USER = {"postgres", "redis"}
# A name of these holds a secret, unless it says where to look for it.
SECRET = re.compile(r"(?:PASSWORD|SECRET|SECRET_KEY|FERNET_KEY|API_KEY|WEBHOOK_URL|CONN|BROKER_URL|RESULT_BACKEND)$")
IMAGE = re.compile(r"[\w./-]+:[\w.-]*\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}|\$\{SNOWTAPE_\w*IMAGE:-snowtape-[\w-]+\}")
OURS_ALONE = re.compile(r"127\.0\.0\.1:\d+:\d+")
BY_CHOICE = re.compile(r"\$\{\w+_BIND:-127\.0\.0\.1\}:\d+:\d+")


def problems(composed: Mapping[str, Any]) -> list[str]:
    """One line for each thing that is not as the tables above and the rules below have it."""
    services = composed["services"]
    found = [f"{name}: not in tests/image/compose.py" for name in sorted(services.keys() - SERVICES.keys())]
    found += [f"{name}: missing" for name in sorted(SERVICES.keys() - services.keys())]
    for name in sorted(services.keys() & SERVICES.keys()):
        found += [f"{name}: {what}" for what in _of_service(name, services[name], SERVICES[name])]
    if set(composed["networks"]) != {"front", "back", "out"} or composed["networks"]["back"] != {"internal": True}:
        found.append("networks: expected front, back without a way out, and out")
    given = {name for expected in SERVICES.values() for name in expected.secrets}
    for name in sorted(given ^ set(composed["secrets"])):
        found.append(f"secrets: {name} is {'not defined' if name in given else 'given to nobody'}")
    for name, source in composed["secrets"].items():
        if source != {"file": f"${{SNOWTAPE_SECRETS:-./secrets}}/{name}"}:
            found.append(f"secrets: {name} is {source}; expected a file of its own name")
    return found


def _of_service(name: str, service: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    if (secrets := set(service.get("secrets", []))) != expected.secrets:
        yield f"secrets are {sorted(secrets)}; expected {sorted(expected.secrets)}"
    if (networks := set(service.get("networks", ["default"]))) != expected.networks:
        yield f"networks are {sorted(networks)}; expected {sorted(expected.networks)}"
    yield from _of_environment(service, expected)
    yield from _of_confinement(name, service)
    if not IMAGE.fullmatch(service["image"]):
        yield f"image {service['image']} is neither ours nor pinned by digest"
    for port in service.get("ports", []):
        allowed = OURS_ALONE if name in ("dashboard", "streamlit") else BY_CHOICE
        if not allowed.fullmatch(port):
            yield f"port {port} is open to other machines"
    if name != "init" and "test" not in service.get("healthcheck", {}):
        yield "no health check"


def _of_environment(service: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    if "env_file" in service:
        yield "env_file gives it every setting of every other service"
    for variable, value in service.get("environment", {}).items():
        if not variable.startswith(expected.environment):
            yield f"{variable} is nothing that it needs"
        if SECRET.search(variable):
            yield f"{variable} puts a secret into the environment"
        for secret in re.findall(r"/run/secrets/(\w+)", str(value)):
            if secret not in service.get("secrets", []):
                yield f"{variable} names the secret {secret}, which it does not get"
    for match in re.finditer(r"\$\{(\w+)", str(service.get("command", ""))):
        if SECRET.search(match[1]):
            yield f"the command line shows {match[1]}"


def _of_confinement(name: str, service: Mapping[str, Any]) -> Iterator[str]:
    if service.get("cap_drop") != ["ALL"] or "cap_add" in service or service.get("privileged"):
        yield "capabilities are not dropped"
    if service.get("security_opt") != ["no-new-privileges:true"]:
        yield "may gain privileges"
    if service.get("read_only") is not True:
        yield "root file system can be written to"
    user, groups = service.get("user"), service.get("group_add", [])
    if (user, groups) != ((name, ["0"]) if name in OWN_USER else ("50000:0", [])):
        yield f"user is {user} with groups {groups}; expected one that is not root and reads files of group 0"
    for limit in ("mem_limit", "pids_limit"):
        if not service.get(limit):
            yield f"no {limit}"
    for place in service.get("tmpfs", []):
        if ":size=" not in place:
            yield f"tmpfs {place} has no size"
    for volume in service.get("volumes", []):
        if not re.match(r"(postgres|logs):", volume):
            yield f"volume {volume} is a part of the host"
