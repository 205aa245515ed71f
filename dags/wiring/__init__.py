"""What the DAG files share: assets, defaults, the tasks of an ingest and of a load, the connection to the warehouse."""
