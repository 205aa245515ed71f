"""The environment variables that make the production code run against the stand-ins: settings, nothing else."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from local.demo.settings import REPOSITORY, VENDOR_HOSTS, DemoSettings

DATABASE = "SNOWTAPE"
WAREHOUSE_SETTINGS = {
    "SNOWFLAKE_ACCOUNT": "local",
    "SNOWFLAKE_USER": "snowtape",
    "SNOWFLAKE_ROLE": "SYSADMIN",
    "SNOWFLAKE_WAREHOUSE": "LOCAL",
    "SNOWFLAKE_DATABASE": DATABASE,
    "SNOWFLAKE_PROTOCOL": "http",
}
# Never handed down from the caller's shell: a real account or bucket must not be reached by mistake.
DROPPED_PREFIXES = ("SNOWFLAKE_", "AIRFLOW_", "AIRFLOW__", "AWS_", "POLYGON_", "SNOWTAPE_", "DBT_", "SCHEMACHANGE_")


@dataclass(frozen=True)
class Endpoints:
    """Where the stand-ins of this run listen, and what they let in."""

    market_url: str
    object_store_url: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    warehouse_host: str
    warehouse_port: int
    warehouse_token: str = field(repr=False)


def base(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The caller's environment without settings of real services, with this Python's tools first on PATH."""
    kept = {name: value for name, value in environment.items() if not name.startswith(DROPPED_PREFIXES)}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    kept["PYTHONPATH"] = str(REPOSITORY)
    kept["PYTHONUNBUFFERED"] = "1"
    # Every task is a new process: modules are compiled once, not each time.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    # Loopback must never go through a proxy of the caller's network.
    kept["NO_PROXY"] = kept["no_proxy"] = "127.0.0.1,localhost"
    return kept


def object_store(endpoints: Endpoints) -> dict[str, str]:
    """What boto3 reads."""
    return {
        "AWS_ENDPOINT_URL_S3": endpoints.object_store_url,
        "AWS_ACCESS_KEY_ID": endpoints.access_key,
        "AWS_SECRET_ACCESS_KEY": endpoints.secret_key,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def warehouse(endpoints: Endpoints) -> dict[str, str]:
    """What schemachange, dbt and the dashboard read."""
    return WAREHOUSE_SETTINGS | {
        "SNOWFLAKE_PASSWORD": endpoints.warehouse_token,
        "SNOWFLAKE_HOST": endpoints.warehouse_host,
        "SNOWFLAKE_PORT": str(endpoints.warehouse_port),
    }


def pipeline(settings: DemoSettings, endpoints: Endpoints) -> dict[str, str]:
    """Everything the pipeline's own code reads: market, object store, warehouse."""
    chosen = {
        name: os.environ[name]
        for name in ("SNOWTAPE_TICKERS", "SNOWTAPE_UNDERLYINGS", "SNOWTAPE_BUDGET_DIR")
        if os.environ.get(name, "").strip()
    }
    if urlsplit(endpoints.market_url).hostname not in VENDOR_HOSTS:
        # Only a vendor's budget is shared with other programs; a stand-in has another port each time.
        chosen["SNOWTAPE_BUDGET_DIR"] = str(settings.state / "budget")
    return (
        base()
        | object_store(endpoints)
        | warehouse(endpoints)
        | {
            "POLYGON_BASE_URL": endpoints.market_url,
            "POLYGON_API_KEY": settings.source.api_key,
            "POLYGON_REQUESTS_PER_MINUTE": settings.source.requests_per_minute,
            "POLYGON_PLAN": settings.source.plan,
            "POLYGON_LAG_HOURS": settings.source.lag_hours,
            "SNOWTAPE_BUCKET": endpoints.bucket,
            "SNOWTAPE_PREFIX": "",
            "SNOWTAPE_UNDERLYINGS": "AAPL,MSFT",
            "SNOWTAPE_DBT_PROJECT_DIR": str(REPOSITORY / "dbt"),
        }
        | chosen
    )


def write(path: Path, variables: Mapping[str, str]) -> None:
    """A file of NAME=value lines for a shell, readable by its owner only."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in variables.items())


def airflow_connection(endpoints: Endpoints) -> str:
    """The connection `snowflake_default` as Airflow reads it from AIRFLOW_CONN_SNOWFLAKE_DEFAULT."""
    return json.dumps(
        {
            "conn_type": "snowflake",
            "login": WAREHOUSE_SETTINGS["SNOWFLAKE_USER"],
            "password": endpoints.warehouse_token,
            "schema": "RAW",
            "extra": {
                "account": WAREHOUSE_SETTINGS["SNOWFLAKE_ACCOUNT"],
                "database": DATABASE,
                "warehouse": WAREHOUSE_SETTINGS["SNOWFLAKE_WAREHOUSE"],
                "role": WAREHOUSE_SETTINGS["SNOWFLAKE_ROLE"],
                "host": endpoints.warehouse_host,
                "port": endpoints.warehouse_port,
                "protocol": WAREHOUSE_SETTINGS["SNOWFLAKE_PROTOCOL"],
            },
        }
    )


def airflow(home: Path, port: int) -> dict[str, str]:
    """Airflow on loopback with LocalExecutor and SQLite, without a log-in page."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "local" / "demo" / "airflow_plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(48),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "15",
        # A file that changes is read at the next look; one that doesn't is not read again and again beside the chain.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        # Tasks of a run that was interrupted are picked up soon after the next start.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    }
