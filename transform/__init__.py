"""Runs dbt and keeps what its tests say; knows nothing of Airflow."""
