"""Transactions, autocommit, errors inside them, and writers that wait for each other."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import snowflake.connector.errors

Error = snowflake.connector.errors.ProgrammingError


def test_a_committed_transaction_is_seen_by_others_and_an_open_one_is_not(open_sql: Callable[..., Any]) -> None:
    one, other = open_sql(), open_sql()
    one("create table t (x int)", "begin", "insert into t values (1)")
    assert one("select x from t") == [(1,)]
    assert other("select x from t") == []
    one("commit")
    assert other("select x from t") == [(1,)]


def test_rollback_undoes_everything_since_begin(sql: Any) -> None:
    sql("create table t (x int)", "insert into t values (1)", "begin", "delete from t", "insert into t values (2)")
    assert sql("rollback", "select x from t") == [(1,)]


def test_dml_without_autocommit_waits_for_commit(open_sql: Callable[..., Any]) -> None:
    one, other = open_sql(autocommit=False), open_sql()
    one("create table t (x int)", "insert into t values (1)")
    assert other("select x from t") == []
    one.connection.commit()
    assert other("select x from t") == [(1,)]
    one("insert into t values (2)")
    one.connection.rollback()
    assert one("select x from t") == [(1,)]


def test_switching_autocommit_on_commits_what_is_open(open_sql: Callable[..., Any]) -> None:
    one, other = open_sql(autocommit=False), open_sql()
    one("create table t (x int)", "insert into t values (1)")
    one.connection.autocommit(True)
    assert other("select x from t") == [(1,)]


def test_ddl_commits_what_was_open_before_it(open_sql: Callable[..., Any]) -> None:
    one, other = open_sql(), open_sql()
    one("create table t (x int)", "begin", "insert into t values (1)", "create table u (y int)", "rollback")
    assert other("select x from t") == [(1,)]
    assert other("select y from u") == []


def test_commit_and_rollback_without_a_transaction_do_nothing(sql: Any) -> None:
    sql("commit", "rollback", "begin", "begin", "commit")


def test_a_closed_session_rolls_back(open_sql: Callable[..., Any]) -> None:
    one, other = open_sql(), open_sql()
    one("create table t (x int)", "begin", "insert into t values (1)", "update t set x = 2")
    one.connection.close()
    assert other("update t set x = 3", "select x from t") == []


@pytest.mark.parametrize("failing", ["select nothing from t", "select 1 / 0", "select cast('x' as int)"])
def test_an_error_before_the_first_write_leaves_the_transaction_open(
    open_sql: Callable[..., Any], failing: str
) -> None:
    one, other = open_sql(), open_sql()
    one("create table t (x int)", "begin")
    with pytest.raises(Error):
        one(failing)
    one("insert into t values (1)")
    assert other("select x from t") == []
    one("commit")
    assert other("select x from t") == [(1,)]


@pytest.mark.stand_in_only
def test_an_error_after_a_write_leaves_only_rollback(sql: Any) -> None:
    """DuckDB cannot go on after an error; Snowflake could. Nothing is committed in part."""
    sql("create table t (x int)", "begin", "insert into t values (1)")
    with pytest.raises(Error):
        sql("insert into t select cast('x' as int)")
    with pytest.raises(Error, match="can only be rolled back"):
        sql("insert into t values (2)")
    with pytest.raises(Error, match="was rolled back"):
        sql("commit")
    assert sql("select count(*) from t") == [(0,)]
    assert sql("insert into t values (3)", "select x from t") == [(3,)]


def test_the_session_is_usable_after_rollback_of_a_failed_transaction(sql: Any) -> None:
    sql("create table t (x int not null)", "begin", "insert into t values (1)")
    with pytest.raises(snowflake.connector.errors.IntegrityError):
        sql("insert into t values (null)")
    sql("rollback", "begin", "insert into t values (2)", "commit")
    assert sql("select x from t") == [(2,)]


def test_a_transaction_that_wrote_nothing_sees_what_others_committed(open_sql: Callable[..., Any]) -> None:
    one, other = open_sql(), open_sql()
    one("create table t (x int)", "begin")
    assert one("select count(*) from t") == [(0,)]
    other("insert into t values (1)")
    assert one("select count(*) from t") == [(1,)]


def test_eight_holders_of_a_lock_row_queue_instead_of_failing(open_sql: Callable[..., Any]) -> None:
    setup = open_sql()
    setup(
        "create table load_locks (family varchar, locked_by varchar)",
        "insert into load_locks values ('stocks', null)",
        "create table ledger (manifest_id varchar, seen int)",
    )
    sessions = [open_sql() for _ in range(8)]
    inside: list[str] = []
    failures: list[Exception] = []

    def load(sql: Any, name: str) -> None:
        try:
            sql("begin")
            sql(f"update load_locks set locked_by = '{name}' where family = 'stocks'")
            inside.append(name)
            seen = sql("select count(*) from ledger")[0][0]
            time.sleep(0.02)
            sql(f"insert into ledger values ('{name}', {seen})")
            assert inside == [name]
            inside.remove(name)
            sql("commit")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=load, args=(sql, f"w{i}")) for i, sql in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    # Each saw exactly what those before it had committed.
    assert setup("select seen from ledger order by seen") == [(i,) for i in range(8)]


def test_inserts_of_several_sessions_do_not_wait_for_each_other(open_sql: Callable[..., Any]) -> None:
    one, other = open_sql(), open_sql()
    one("create table t (x int)", "begin", "insert into t values (1)")
    other("insert into t values (2)")
    one("commit")
    assert other("select x from t order by x") == [(1,), (2,)]


def test_two_transactions_that_wait_for_each_other_are_a_deadlock_error(open_sql: Callable[..., Any]) -> None:
    one, other = open_sql(), open_sql()
    one("create table a (x int)", "create table b (x int)", "begin", "update a set x = 1")
    other("begin", "update b set x = 1")

    def update(sql: Any, table: str) -> str:
        """Whoever comes second finds the deadlock; its rollback lets the other one go on."""
        try:
            sql(f"update {table} set x = 2")
        except Error as error:
            sql("rollback")
            return str(error)
        sql("commit")
        return "committed"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(end.result() for end in [pool.submit(update, one, "b"), pool.submit(update, other, "a")])
    assert "deadlock" in ends[0]
    assert ends[1] == "committed"


def test_parallel_writers_of_different_tables_all_succeed(open_sql: Callable[..., Any]) -> None:
    sessions = [open_sql() for _ in range(4)]
    failures: list[Exception] = []

    def build(sql: Any, name: str) -> None:
        try:
            for version in range(5):
                sql(f"create or replace table {name} as select {version} as version")
                sql(f"create or replace view v_{name} as select * from {name}")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=build, args=(sql, f"t{i}")) for i, sql in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sessions[0]("select version from v_t3") == [(4,)]


KILLED_CLIENT = """
import sys, time, snowflake.connector
connection = snowflake.connector.connect(
    user="u", password=sys.stdin.readline().strip(), account="local",
    host=sys.argv[1], port=int(sys.argv[2]), protocol="http",
    database=sys.argv[3], schema=sys.argv[4])
cursor = connection.cursor()
cursor.execute("begin")
cursor.execute("update t set x = 99")
print("holding", flush=True)
time.sleep(600)
"""


def test_a_killed_clients_transaction_is_rolled_back_and_its_lock_released(warehouse: Any, sql: Any) -> None:
    sql("create table t (x int)", "insert into t values (1)")
    where = sql("select current_database(), current_schema()")[0]
    command = [sys.executable, "-c", KILLED_CLIENT, warehouse.host, str(warehouse.port), *where]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(f"{warehouse.token}\n".encode())
    client.stdin.flush()
    assert client.stdout.readline() == b"holding\n"
    client.kill()
    client.wait()
    # Not released, the lock would be an error, after ten minutes.
    assert sql("update t set x = 2", "select x from t") == [(2,)]
    client.stdout.close()
