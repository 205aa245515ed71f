"""Runs dbt and stores its test results; independent of Airflow."""
