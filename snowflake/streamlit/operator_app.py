"""The operator's app: what was loaded and refused, how fresh and how sound the data is, what a run has cost. Read-only.

Runs in Snowflake (warehouse runtime) with the rights of its owner, the role operator, and anywhere else on the
connection that the SNOWFLAKE_* variables name: `make streamlit`.
"""

from __future__ import annotations

import ipaddress
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

QUERIES = Path(__file__).with_name("queries")
CACHED_SECONDS = 60
# Outside of Snowflake; inside there are no such variables, and the session is the app's own.
VARIABLES = {
    "SNOWFLAKE_ACCOUNT": "account",
    "SNOWFLAKE_USER": "user",
    "SNOWFLAKE_PASSWORD": "password",
    "SNOWFLAKE_PRIVATE_KEY_FILE": "private_key_file",
    "SNOWFLAKE_PRIVATE_KEY_FILE_PWD": "private_key_file_pwd",
    "SNOWFLAKE_ROLE": "role",
    "SNOWFLAKE_WAREHOUSE": "warehouse",
    "SNOWFLAKE_DATABASE": "database",
    "SNOWFLAKE_HOST": "host",
    "SNOWFLAKE_PORT": "port",
    "SNOWFLAKE_PROTOCOL": "protocol",
}
# Where a column's name alone could be misread.
NAMES = {
    "loaded_at": "Loaded, UTC",
    "executed_at": "Run, UTC",
    "rows_loaded": "Responses",
    "result_rows": "Result rows",
    "manifest_id": "Manifest",
    "dag_id": "DAG",
    "run_id": "Run",
    "is_complete": "Complete",
    "elapsed_seconds": "Elapsed, s",
    "began_at": "Began, UTC",
}


def main() -> None:
    """The page, from top to bottom; a section that can't be read says so and leaves the others alone."""
    st.set_page_config(page_title="Snowtape", layout="wide")
    st.title("Snowtape: how the pipeline does")
    if refusal := reason_to_refuse(st.get_option("server.address")):
        st.error(refusal)
        return
    freshness()
    quality()
    loads()
    cost()


def reason_to_refuse(address: str | None) -> str | None:
    """Why nothing is shown: outside of Snowflake nobody signs in, so other machines may reach it by a proxy only.

    Args:
        address: of the server; None is every address of the machine, which is Streamlit's default.
    """
    inside_snowflake = not os.environ.get("SNOWFLAKE_ACCOUNT")
    if inside_snowflake or os.environ.get("SNOWTAPE_BEHIND_PROXY", "").strip().lower() == "true":
        return None
    try:
        is_loopback = address == "localhost" or ipaddress.ip_address(address or "0.0.0.0").is_loopback
    except ValueError:
        is_loopback = False
    if is_loopback:
        return None
    return (
        f"server.address is {address!r}; expected an address of this machine only, such as 127.0.0.1, because this app "
        "has no sign-in. Put a proxy with one in front and set SNOWTAPE_BEHIND_PROXY=true."
    )


def freshness() -> None:
    """The newest of every stage."""
    st.header("Freshness")
    st.caption("Times are UTC.")
    frame = read("freshness")
    if frame is None:
        return
    columns = st.columns(max(len(frame), 1))
    for column, row in zip(columns, frame.itertuples(), strict=False):
        came_at = "never" if pd.isna(row.came_at) else f"{row.came_at:%m-%d %H:%M}"
        is_session = not pd.isna(row.session_date)
        column.metric(str(row.stage), str(row.session_date)[:10] if is_session else came_at)
        behind = 0 if pd.isna(row.sessions_behind) else int(row.sessions_behind)
        late = f", {behind} session{'s' * (behind > 1)} behind" if behind else ""
        column.caption(f"fetched {came_at}{late}" if is_session else str(row.version or "nothing yet"))


def quality() -> None:
    """Data tests: their history, and what is wrong now."""
    st.header("Data quality")
    history, now = read("quality_history"), read("quality_now")
    if history is not None and not history.empty:
        # By name: as times, the bars of a few runs are hairlines on an axis of hours.
        runs = history.assign(run=history["executed_at"].dt.strftime("%Y-%m-%d %H:%M:%S"))
        colours: Any = ["#4c956c", "#e9c46a", "#c1121f"]
        st.bar_chart(
            runs, x="run", y=["passed", "warned", "failed"], color=colours, x_label="Run, UTC", y_label="Tests"
        )
    elif history is not None:
        st.info("No test has run yet.")
    if now is not None and history is not None and not history.empty:
        if now.empty:
            st.success("The newest result of every test is a pass.")
        else:
            st.warning(f"{len(now)} tests failed or warned.")
            show(now)


def loads() -> None:
    """The ledger, the refusals, rejected rows, suspect sessions, and what people have overruled."""
    st.header("Loads")
    ledger, rejects = read("loads"), read("rejects")
    suspects, rejected, overrides = read("suspect_sessions"), read("rejected_rows"), read("overrides")
    if rejects is not None:
        open_rejects = rejects[rejects["loaded_at"].isna()]
        if open_rejects.empty:
            st.success("Every manifest that was refused has been loaded since, or none was refused.")
        else:
            st.error(
                f"{open_rejects['manifest_key'].nunique()} manifests are refused and not loaded: see docs/runbook.md"
            )
    names = ["Ledger", "Rejects", "Suspect sessions", "Rejected rows", "Overrides"]
    for tab, frame in zip(st.tabs(names), (ledger, rejects, suspects, rejected, overrides), strict=True):
        with tab:
            if frame is not None:
                show(frame)


def cost() -> None:
    """Credits by run, where the account's usage can be read."""
    st.header("Cost of the last seven days")
    frame = read("cost", absent="Credits come from SNOWFLAKE.ACCOUNT_USAGE, which can't be read here")
    if frame is None:
        return
    if frame.empty:
        st.info("No tagged query in the last seven days.")
        return
    by_job = frame.groupby("job", as_index=False)[["queries", "elapsed_seconds", "credits"]].sum()
    st.metric("Credits", f"{frame['credits'].sum():.3f}")
    show(by_job.sort_values("credits", ascending=False))
    show(frame)


def read(name: str, absent: str | None = None) -> pd.DataFrame | None:
    """Rows of queries/<name>.sql with lower-case columns; None after it has said why there are none.

    Args:
        absent: what to say when the query fails, where that is nothing to worry about.
    """
    try:
        return ask((QUERIES / f"{name}.sql").read_text())
    except Exception as error:  # one section must not take the page down; the message is the warehouse's own
        message = str(error).splitlines()[-1][:300]
        if absent:
            st.info(f"{absent}: {message}")
        else:
            st.error(f"{name}: {message}")
        connection().reset()  # a session that has gone is no more use; the next question opens another
        return None


@st.cache_data(ttl=CACHED_SECONDS, show_spinner=False)
def ask(statement: str) -> pd.DataFrame:
    """Rows with lower-case columns, kept for a minute; numbers with a scale come as floats."""
    with connection().cursor() as cursor:
        cursor.execute(statement)
        names = [column.name.lower() for column in cursor.description]
        frame = pd.DataFrame(cursor.fetchall(), columns=names)
    for name in names:
        if any(isinstance(value, Decimal) for value in frame[name]):
            frame[name] = frame[name].astype(float)
    return frame


def connection() -> Any:
    """The app's own session inside Snowflake, else what the environment names."""
    options: dict[str, Any] = {option: os.environ[name] for name, option in VARIABLES.items() if os.environ.get(name)}
    # Under its own name: "snowflake" would ignore the options.
    return st.connection("snowtape", type="snowflake", **options)


def show(frame: pd.DataFrame) -> None:
    """A table as wide as the page, its columns named as on the dashboard."""
    names = {name: NAMES.get(name, name.replace("_", " ").capitalize()) for name in frame.columns}
    st.dataframe(frame.rename(columns=names), hide_index=True)


main()
