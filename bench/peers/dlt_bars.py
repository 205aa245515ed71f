"""dlt on the same work, in its own environment: `python dlt_bars.py <direct|staged> <folder> <session> …`.

direct   REST API source → DuckDB, as shipped
staged   REST API source → gzipped JSON lines in the bucket → DuckDB, which is what the pipeline does
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import dlt
from dlt.sources.filesystem import filesystem, read_jsonl
from dlt.sources.rest_api import rest_api_source


def bars(sessions: Sequence[str]) -> Any:
    """One request a session, side by side."""

    @dlt.resource(name="sessions", selected=False)
    def every_session() -> Iterator[list[dict[str, str]]]:
        yield [{"session": session} for session in sessions]

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


def direct(folder: str, sessions: Sequence[str]) -> None:
    """REST → DuckDB."""
    target = dlt.destinations.duckdb(f"{folder}/direct.duckdb")
    pipeline = dlt.pipeline("direct", destination=target, dataset_name="raw", pipelines_dir=f"{folder}/direct")
    print(pipeline.run(bars(sessions)))


def staged(folder: str, sessions: Sequence[str]) -> None:
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
    print(landing.run(bars(sessions), loader_file_format="jsonl"))
    files = filesystem(bucket_url=f"{bucket}/raw/stock_bars", credentials=credentials, file_glob="*.jsonl*")
    target = dlt.destinations.duckdb(f"{folder}/staged.duckdb")
    loading = dlt.pipeline("loading", destination=target, dataset_name="raw", pipelines_dir=f"{folder}/loading")
    print(loading.run((files | read_jsonl(chunksize=10_000)).with_name("stock_bars")))


if __name__ == "__main__":
    {"direct": direct, "staged": staged}[sys.argv[1]](sys.argv[2], sys.argv[3:])
