# syntax=docker/dockerfile:1
# Two images: `--target dashboard` for the dashboard and the Streamlit app, `--target airflow` (the last, and so the one
# that `docker build .` and the Astro CLI make) for everything of Airflow.
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.12
ARG PYTHON_IMAGE=python:3.12.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS dashboard
RUN useradd --create-home --uid 50000 snowtape
WORKDIR /srv/snowtape
COPY requirements/dashboard.txt requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/dashboard.txt
COPY dashboard dashboard
COPY snowflake/streamlit snowflake/streamlit
COPY worksheets worksheets
USER 50000
EXPOSE 8050 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8050/', timeout=4)"]
CMD ["python", "-m", "dashboard", "--host", "0.0.0.0", "--port", "8050"]

FROM ${AIRFLOW_IMAGE} AS airflow
# `astro` in an Astro Runtime image.
ARG AIRFLOW_USER=airflow
USER 0
RUN install --directory --owner="${AIRFLOW_USER}" /opt/dbt
USER ${AIRFLOW_USER}
WORKDIR ${AIRFLOW_HOME}
COPY requirements.txt requirements/
COPY requirements/dbt.txt requirements/
COPY scripts/install-image scripts/
RUN scripts/install-image /opt/dbt
COPY dags dags
COPY ingest ingest
COPY transform transform
COPY --chown=${AIRFLOW_USER} dbt dbt
# dags/ too, so that the triggerer finds the callback of a missed deadline.
ENV PYTHONPATH=${AIRFLOW_HOME}:${AIRFLOW_HOME}/dags \
    SNOWTAPE_DBT_EXECUTABLE=/opt/dbt/bin/dbt \
    SNOWTAPE_DBT_PROJECT_DIR=${AIRFLOW_HOME}/dbt \
    AIRFLOW__CORE__LOAD_EXAMPLES=False
