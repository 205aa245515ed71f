"""What earlier runs have landed, read from the object store's manifests."""

from __future__ import annotations

from datetime import UTC, date, datetime

import boto3
from botocore.config import Config

from ingest.datasets import Family
from ingest.manifests import Manifest, list_keys, read_all
from ingest.publication import Publication
from ingest.settings import StorageSettings
from ingest.storage import LandingStore
from local.demo.chain import Landed
from local.demo.environment import Endpoints


class Held:
    """Reads only; a manifest is never changed, so each is fetched once."""

    def __init__(self, endpoints: Endpoints, publication: Publication) -> None:
        self._publication = publication
        client = boto3.client(
            "s3",
            endpoint_url=endpoints.object_store_url,
            aws_access_key_id=endpoints.access_key,
            aws_secret_access_key=endpoints.secret_key,
            region_name="us-east-1",
            # Loopback never goes through a proxy of the caller's network.
            config=Config(proxies={}, retries={"mode": "standard", "max_attempts": 5}),
        )
        self._store = LandingStore(StorageSettings(endpoints.bucket, ""), client)
        self._read: dict[str, Manifest] = {}

    def last_session(self) -> date:
        """The newest session that the source serves."""
        return self._publication.newest(datetime.now(UTC))

    def manifests(self) -> list[Landed]:
        """Every manifest of both families, oldest first."""
        keys = [key for family in Family for key in list_keys(self._store, family)]
        new = read_all(self._store, [key for key in keys if key not in self._read])
        self._read.update({manifest.key: manifest for manifest in new})
        return [
            Landed(manifest.manifest_id, manifest.family.value, manifest.dag_id, manifest.run_id, manifest.result_rows)
            for manifest in self._read.values()
        ]

    def covers(self, dag_id: str, session: date) -> bool:
        """Whether a complete manifest of this DAG holds the session."""
        self.manifests()
        return any(
            manifest.dag_id == dag_id and manifest.complete and session.isoformat() in manifest.sessions
            for manifest in self._read.values()
        )
