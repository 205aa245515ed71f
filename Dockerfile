# syntax=docker/dockerfile:1
# Three images: `--target dashboard` for the dashboard and the Streamlit app, `--target auth-proxy` for the sign-in in front
# of them, `--target airflow` (the last, and so the one that `docker build .` and the Astro CLI make) for all of Airflow.
# Where the digests come from: docs/security.md, supply chain.
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.12
ARG PYTHON_IMAGE=python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c
ARG OAUTH2_PROXY_IMAGE=quay.io/oauth2-proxy/oauth2-proxy:v7.15.3@sha256:10a1165743a192e1940b4708fb9647027185ce11a681a1c5519b442ff7f1f561

FROM ${PYTHON_IMAGE} AS dashboard
# Group 0, as in the Airflow image: it may read the secrets that compose mounts.
RUN useradd --create-home --uid 50000 --gid 0 snowtape
WORKDIR /srv/snowtape
COPY requirements/dashboard.txt requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/dashboard.txt
COPY backtest backtest
COPY dashboard dashboard
COPY pricing pricing
COPY snowflake/streamlit snowflake/streamlit
COPY worksheets worksheets
USER 50000
EXPOSE 8050 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8050/alive', timeout=4)"]
# Refused until SNOWTAPE_BEHIND_PROXY=true says that nobody comes in but through a proxy with a sign-in.
CMD ["python", "-m", "dashboard", "--host", "0.0.0.0", "--port", "8050"]

FROM ${OAUTH2_PROXY_IMAGE} AS oauth2-proxy

# The published image holds one static binary and nothing that could ask it whether it is well.
FROM ${PYTHON_IMAGE} AS auth-proxy
COPY --from=oauth2-proxy /bin/oauth2-proxy /usr/local/bin/oauth2-proxy
USER 50000:0
EXPOSE 4180
CMD ["oauth2-proxy"]

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
