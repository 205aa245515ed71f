"""The client's side of a load, on a connection that knows just its statements."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from ingest import loader, manifests, runs
from ingest.datasets import Family
from ingest.errors import LoadFailed, LoadRefused, ManifestReplaced

IDS = [f"20261120T23150000000{number}Z-0000000{number}" for number in range(4)]
KEYS = [manifests.manifest_key(Family.STOCKS, manifest_id) for manifest_id in IDS]


class OperationalError(Exception):
    """Named as the DB-API names the loss of a connection."""


class Connection:
    """Loads into a set; refuses keys that a test names, and fails a call with keys that it names."""

    def __init__(self) -> None:
        self.ledger: dict[str, str] = {}
        self.rejects: list[str] = []
        self.watermark: str | None = None
        self.refused: dict[str, str] = {}
        self.failing: dict[str, Exception] = {}
        # How many manifests a call has time for.
        self.most = 1000
        self.calls: list[list[str]] = []
        # Key to what was loaded under it, and when.
        self.loaded: dict[str, tuple[bytes, datetime]] = {}

    def cursor(self):
        return self

    def close(self) -> None:
        return

    def execute(self, sql: str, values: tuple[str, ...]) -> None:
        value, *others = values
        if sql.startswith("update raw.load_watermarks"):
            self.watermark = value
            return
        if sql.startswith("select"):
            if "from raw.load_watermarks" in sql:
                self.rows = [(self.watermark,)]
            elif "manifest_sha256" in sql:
                loaded = self.loaded.items()
                self.rows = [(key, hashlib.sha256(body).hexdigest(), at) for key, (body, at) in loaded]
            elif "from raw.load_rejects" in sql:
                self.rows = [(key,) for key in self.rejects if manifests.manifest_id_of(key) not in self.ledger]
            else:
                known = [one for one, family in self.ledger.items() if family == value]
                self.rows = [(one,) for one in known if one > others[0]]
            return
        assert sql == "call raw.load_manifests(%s)\n"
        keys = json.loads(value)
        self.calls.append(keys)
        for key in keys:
            if key in self.failing:
                raise self.failing[key]
        answers = [self.answer(key) for key in keys[: self.most]]
        self.rows = [(json.dumps({"manifests": answers, "left": keys[self.most :]}),)]

    def answer(self, key: str) -> dict[str, object]:
        if key in self.refused:
            return {"manifest_key": key, "status": "refused", "message": self.refused[key]}
        manifest_id = manifests.manifest_id_of(key)
        status = "already_loaded" if manifest_id in self.ledger else "loaded"
        self.ledger[manifest_id] = "stocks"
        numbers = {"objects": 1, "rows_loaded": 2, "result_rows": 3}
        return {"manifest_key": key, "manifest_id": manifest_id, "status": status, **numbers}

    def fetchall(self):
        return self.rows


@pytest.fixture
def landed(store):
    for key in KEYS:
        store.put_once(key, b"{}")
    return store


def test_what_the_ledger_lacks_is_pending_oldest_first(landed) -> None:
    connection = Connection()
    connection.ledger = {IDS[1]: "stocks", IDS[2]: "options"}
    assert loader.pending(connection, landed, Family.STOCKS) == [KEYS[0], KEYS[2], KEYS[3]]


def test_a_sweep_lists_nothing_that_an_earlier_one_found_settled(landed) -> None:
    connection = Connection()
    connection.ledger = dict.fromkeys(IDS[:2], "stocks")
    assert loader.pending(connection, landed, Family.STOCKS) == KEYS[2:]
    assert connection.watermark == IDS[1]

    listed: list[str] = []
    every = landed.keys
    landed.keys = lambda prefix, after="": (listed.append(key) or key for key in every(prefix, after))
    assert loader.pending(connection, landed, Family.STOCKS) == KEYS[2:]
    assert listed == KEYS[2:]


def test_the_watermark_passes_no_manifest_that_was_never_tried(landed) -> None:
    connection = Connection()
    connection.ledger = {IDS[0]: "stocks", IDS[3]: "stocks"}
    connection.rejects = [KEYS[1]]
    assert loader.pending(connection, landed, Family.STOCKS) == KEYS[1:3]
    assert connection.watermark == IDS[1]


def test_a_refused_manifest_below_the_watermark_stays_pending_while_it_is_there(landed) -> None:
    connection = Connection()
    connection.ledger = dict.fromkeys([IDS[0], IDS[2], IDS[3]], "stocks")
    connection.rejects = [KEYS[1], manifests.manifest_key(Family.STOCKS, "20261119T231500000000Z-00000000")]
    for _ in range(2):
        assert loader.pending(connection, landed, Family.STOCKS) == [KEYS[1]]
    assert connection.watermark == IDS[3]


def test_a_full_sweep_finds_what_came_below_the_watermark(landed) -> None:
    connection = Connection()
    connection.ledger, connection.watermark = dict.fromkeys(IDS, "stocks"), IDS[3]
    late = manifests.manifest_key(Family.STOCKS, "20200101T000000000000Z-00000000")
    landed.put_once(late, b"{}")
    assert loader.pending(connection, landed, Family.STOCKS) == []
    assert loader.pending(connection, landed, Family.STOCKS, full=True) == [late]
    assert connection.watermark == IDS[3]


def test_a_manifest_from_the_future_does_not_take_the_watermark_along(landed) -> None:
    connection = Connection()
    future = "20991231T000000000000Z-00000000"
    landed.put_once(manifests.manifest_key(Family.STOCKS, future), b"{}")
    connection.ledger = dict.fromkeys([*IDS, future], "stocks")
    assert loader.pending(connection, landed, Family.STOCKS) == []
    assert connection.watermark == IDS[3]


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=-365)], ids=["at once", "a year before"])
def test_another_document_under_a_loaded_key_is_named(landed, monkeypatch, later: timedelta) -> None:
    loaded_at = datetime.now(UTC).replace(tzinfo=None) + later
    connection = Connection()
    connection.loaded = {KEYS[0]: (b"{}", loaded_at), KEYS[1]: (b"{ }", loaded_at), KEYS[2]: (b"{}", loaded_at)}
    assert loader.replaced(connection, landed, Family.STOCKS) == [KEYS[1]]

    monkeypatch.setattr(runs, "LandingStore", lambda _: landed)
    monkeypatch.setattr(runs, "read_storage", lambda: None)
    with pytest.raises(ManifestReplaced, match=f"1 loaded manifests were replaced after they were loaded: {KEYS[1]}"):
        runs.verify(connection, Family.STOCKS)
    del connection.loaded[KEYS[1]]
    runs.verify(connection, Family.STOCKS)


def test_only_documents_that_were_written_after_their_load_are_read(landed) -> None:
    connection, read = Connection(), []
    in_a_minute = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=1)
    connection.loaded = {KEYS[0]: (b"{}", in_a_minute), KEYS[1]: (b"{}", in_a_minute - timedelta(hours=1))}
    reading = landed.read
    landed.read = lambda key: read.append(key) or reading(key)
    assert loader.replaced(connection, landed, Family.STOCKS) == []
    assert read == [KEYS[1]]


def test_a_load_is_one_call_and_reports_what_the_procedure_answers() -> None:
    connection = Connection()
    connection.ledger = {IDS[0]: "stocks"}
    again, first = loader.load(connection, KEYS[:2])
    assert (first.status, first.rows_loaded, first.result_rows) == ("loaded", 2, 3)
    assert again.status == "already_loaded"
    assert connection.calls == [KEYS[:2]]


def test_what_a_call_had_no_time_for_is_asked_of_the_next_one() -> None:
    connection = Connection()
    connection.most = 3
    assert len(loader.load(connection, KEYS)) == 4
    assert connection.calls == [KEYS, KEYS[3:]]


def test_a_procedure_that_loads_nothing_is_not_called_for_ever() -> None:
    connection = Connection()
    connection.most = 0
    with pytest.raises(LoadFailed, match=r"loaded none of 4 manifests"):
        loader.load(connection, KEYS)


def test_nothing_to_load_is_no_call() -> None:
    connection = Connection()
    assert loader.load(connection, []) == []
    assert connection.calls == []


def refusal(key: str, reason: str) -> str:
    """As the procedure words it."""
    return f"SNOWTAPE_REFUSED {key}: {reason}. Nothing was loaded; the next run tries again."


def test_a_refused_manifest_keeps_none_of_the_others_back_and_is_named_in_the_procedures_words() -> None:
    connection = Connection()
    connection.refused = {KEYS[1]: refusal(KEYS[1], "object x has 118 bytes; expected 120 by the manifest")}
    with pytest.raises(LoadRefused) as caught:
        loader.load(connection, KEYS)
    assert str(caught.value) == (
        f"1 of 4 manifests are not loaded. manifest {KEYS[1]} was refused: object x has 118 bytes; "
        "expected 120 by the manifest. Nothing was loaded; the next run tries again."
    )
    assert set(connection.ledger) == {IDS[0], IDS[2], IDS[3]}


def test_a_call_that_fails_is_made_again_for_each_manifest_alone() -> None:
    connection = Connection()
    connection.failing = {KEYS[1]: ValueError("lock\ntime-out")}
    connection.refused = {KEYS[2]: refusal(KEYS[2], "it is missing")}
    with pytest.raises(LoadFailed, match=r"2 of 4 .*0001.*lock time-out.*it is missing"):
        loader.load(connection, KEYS)
    assert set(connection.ledger) == {IDS[0], IDS[3]}


def test_a_manifest_that_failed_inside_the_procedure_may_be_tried_again() -> None:
    connection = Connection()
    answer = connection.answer
    connection.answer = lambda key: (  # type: ignore[method-assign]
        {"manifest_key": key, "status": "failed", "message": "out of memory"} if key == KEYS[1] else answer(key)
    )
    with pytest.raises(LoadFailed, match=rf"1 of 4 manifests are not loaded\. {KEYS[1]}: out of memory"):
        loader.load(connection, KEYS)


def test_a_lost_connection_ends_the_load_and_names_what_is_left() -> None:
    connection = Connection()
    connection.failing = {KEYS[1]: ValueError("lock time-out"), KEYS[2]: OperationalError("gone")}
    with pytest.raises(LoadFailed, match=r"3 of 4 .*0003\.json: not tried"):
        loader.load(connection, KEYS)
    assert connection.calls == [KEYS, *([key] for key in KEYS[:3])]


def test_the_event_tells_what_the_ledger_has_of_the_swept_manifests() -> None:
    connection = Connection()
    assert runs.loaded(connection, Family.STOCKS, [KEYS]) is None
    connection.ledger = {IDS[0]: "stocks", IDS[3]: "stocks"}
    assert runs.loaded(connection, Family.STOCKS, [KEYS[:2], KEYS[2:]]) == {"manifests": [IDS[0], IDS[3]], "left": 2}
