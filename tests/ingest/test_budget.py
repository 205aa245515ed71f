import multiprocessing
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from ingest.budget import Budget


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1e9

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def budget(limit: int, clock: Clock, path: Path | None = None) -> Budget:
    return Budget(limit, path, clock=clock, sleep=clock.sleep)


def most_in_a_window(times: list[float], window: float = 60.0) -> int:
    return max(sum(1 for other in times if begin <= other < begin + window) for begin in times)


@pytest.mark.parametrize("seconds_a_request", [0.0, 0.7, 20.0])
def test_no_window_of_60_s_sees_more_than_the_limit(seconds_a_request: float) -> None:
    clock = Clock()
    shared, arrivals = budget(5, clock), []
    for number in range(23):
        with shared.request():
            # The slowest request counts at the server when it ends, the quickest when it leaves.
            clock.now += seconds_a_request * (number % 2)
            arrivals.append(clock.now)
    assert most_in_a_window(arrivals) == 5


def test_the_first_requests_do_not_wait() -> None:
    clock = Clock()
    shared = budget(5, clock)
    for _ in range(5):
        with shared.request():
            pass
    assert clock.now == 1e9


def test_a_new_process_sees_the_window_of_the_one_before(tmp_path: Path) -> None:
    clock = Clock()
    for _ in range(2):
        shared = budget(3, clock, tmp_path / "budget")
        for _ in range(3):
            with shared.request():
                pass
    assert clock.now >= 1e9 + 60


def test_a_pause_holds_for_everybody_and_a_shorter_one_does_not_end_it(tmp_path: Path) -> None:
    clock = Clock()
    one, other = budget(100, clock, tmp_path / "budget"), budget(100, clock, tmp_path / "budget")
    one.pause(30)
    one.pause(2)
    with other.request():
        assert clock.now == pytest.approx(1e9 + 30)


def test_a_request_of_a_killed_process_counts_until_it_would_have_ended(tmp_path: Path) -> None:
    clock = Clock()
    killed = Budget(1, tmp_path / "budget", longest_request=150, clock=clock, sleep=clock.sleep)
    held = killed.request()
    held.__enter__()
    with budget(1, clock, tmp_path / "budget").request():
        assert clock.now == pytest.approx(1e9 + 150 + 60, abs=0.1)


def test_a_clock_that_was_set_back_costs_one_window_at_most(tmp_path: Path) -> None:
    clock = Clock()
    with budget(1, clock, tmp_path / "budget").request():
        pass
    clock.now -= 500_000
    began = clock.now
    with budget(1, clock, tmp_path / "budget").request():
        assert clock.now - began < 62


@pytest.mark.parametrize("jump", [-86_400, -1e9, 86_400], ids=["a day back", "a restart", "a day ahead"])
def test_a_jump_of_the_clock_makes_no_pause_longer(tmp_path: Path, jump: float) -> None:
    clock = Clock()
    one = budget(1, clock, tmp_path / "budget")
    one.pause(10)
    clock.now += jump
    began = clock.now
    with budget(1, clock, tmp_path / "budget").request():
        assert clock.now - began <= 10


def test_a_pause_is_never_longer_than_a_quarter_of_an_hour(tmp_path: Path) -> None:
    clock = Clock()
    shared = budget(1, clock, tmp_path / "budget")
    shared.pause(1e6)
    with shared.request():
        assert clock.now - 1e9 <= 900


def test_setting_the_time_of_the_machine_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: pytest.fail("the wall clock was asked"))
    with Budget(1, tmp_path / "budget").request():
        pass


def _count(path: Path, granted: "multiprocessing.Queue[int]") -> None:
    clock = Clock()

    class Stop(Exception):
        pass

    def stop(seconds: float) -> None:
        raise Stop

    shared, count = Budget(50, path, clock=clock, sleep=stop), 0
    try:
        while True:
            with shared.request():
                count += 1
    except Stop:
        granted.put(count)


def test_processes_at_once_get_the_limit_together(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    granted = context.Queue()
    processes = [context.Process(target=_count, args=(tmp_path / "budget", granted)) for _ in range(4)]
    for process in processes:
        process.start()
    assert sum(granted.get(timeout=120) for _ in processes) == 50
    for process in processes:
        process.join()


def test_threads_share_one_window() -> None:
    class Stop(Exception):
        pass

    def stop(seconds: float) -> None:
        raise Stop

    shared, granted = Budget(20, clock=Clock(), sleep=stop), []

    def work() -> None:
        with suppress(Stop), shared.request():
            granted.append(1)

    threads = [threading.Thread(target=work) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == 20
