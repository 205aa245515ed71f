"""From the Polygon.io (Massive) API to raw objects and manifests on S3, and from there to `CALL raw.load_manifests`.

`runs` is the front door: what a DAG task or a script calls. Nothing in this package knows Airflow.
"""
