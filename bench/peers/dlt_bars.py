"""dlt on the same work, in its own environment: `python dlt_bars.py <direct|staged> <folder> <session> …`.

direct   REST API source → DuckDB
staged   REST API source → bucket → DuckDB, which is what the pipeline does

Tuned as "Optimizing dlt" in its documentation advises: requests side by side, whole pages instead of rows, Parquet
files, files cut often enough that both normalizing processes have work, and the bucket's files read as Arrow tables.
With `--bars N` it ends with an error unless exactly so many are in the table.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from typing import Any

import dlt
from dlt.sources.filesystem import filesystem, read_parquet
from dlt.sources.rest_api import rest_api_source

# dlt reads them from the environment when a pipeline is made.
TUNING = {
    "EXTRACT__WORKERS": "8", "NORMALIZE__WORKERS": "2", "LOAD__WORKERS": "8",
    "DATA_WRITER__FILE_MAX_ITEMS": "50000", "RUNTIME__DLTHUB_TELEMETRY": "false",
}  # fmt: skip


def bars(sessions: Sequence[str]) -> Any:
    """One request a session, side by side."""

    @dlt.resource(name="sessions", selected=False)
    def every_session() -> Iterator[list[dict[str, str]]]:
        # A page each: the requests of one page would go one after the other.
        for session in sessions:
            yield [{"session": session}]

    path = "v2/aggs/grouped/locale/us/market/stocks/{resources.sessions.session}"
    return rest_api_source(
        {
            "client": {
                "base_url": os.environ["POLYGON_BASE_URL"],
                "auth": {"type": "bearer", "token": os.environ["POLYGON_API_KEY"]},
                "paginator": "single_page",
            },
            "resources": [
                every_session(),
                {
                    "name": "stock_bars",
                    "parallelized": True,
                    "endpoint": {"path": path, "params": {"adjusted": "false"}, "data_selector": "results"},
                    "write_disposition": "append",
                },
            ],
        }
    )


def direct(folder: str, sessions: Sequence[str]) -> Any:
    """REST → DuckDB."""
    target = dlt.destinations.duckdb(f"{folder}/direct.duckdb")
    pipeline = dlt.pipeline("direct", destination=target, dataset_name="raw", pipelines_dir=f"{folder}/direct")
    print(pipeline.run(bars(sessions), loader_file_format="parquet"))
    return pipeline


def staged(folder: str, sessions: Sequence[str]) -> Any:
    """REST → bucket → DuckDB."""
    bucket = f"s3://{os.environ['SNOWTAPE_BUCKET']}/dlt"
    credentials = {
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "endpoint_url": os.environ["AWS_ENDPOINT_URL_S3"],
        "region_name": os.environ["AWS_REGION"],
    }
    store = dlt.destinations.filesystem(bucket, credentials=credentials)
    landing = dlt.pipeline("landing", destination=store, dataset_name="raw", pipelines_dir=f"{folder}/landing")
    print(landing.run(bars(sessions), loader_file_format="parquet"))
    files = filesystem(bucket_url=f"{bucket}/raw/stock_bars", credentials=credentials, file_glob="*.parquet")
    target = dlt.destinations.duckdb(f"{folder}/staged.duckdb")
    loading = dlt.pipeline("loading", destination=target, dataset_name="raw", pipelines_dir=f"{folder}/loading")
    rows = (files | read_parquet(chunksize=50_000, use_pyarrow=True)).with_name("stock_bars")
    print(loading.run(rows, loader_file_format="parquet"))
    return loading


def main() -> None:
    """Run one of the two and count what it has loaded."""
    parser = argparse.ArgumentParser(prog="python dlt_bars.py")
    parser.add_argument("name", choices=("direct", "staged"))
    parser.add_argument("folder")
    parser.add_argument("sessions", nargs="+")
    parser.add_argument("--bars", type=int)
    asked = parser.parse_args()
    os.environ.update(TUNING)
    pipeline = {"direct": direct, "staged": staged}[asked.name](asked.folder, asked.sessions)
    with pipeline.sql_client() as client:
        ((loaded,),) = client.execute_sql("select count(*) from stock_bars")
    if asked.bars is not None and loaded != asked.bars:
        raise SystemExit(f"dlt loaded {loaded} bars; expected {asked.bars}")


if __name__ == "__main__":
    main()
