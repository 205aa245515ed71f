"""`make demo`: the whole chain on this machine.

    python -m local.demo [--once] [--synthetic-tickers N] [--years N] [--option-days N]

Exit codes: 0 all stages came through, 1 a stage failed, 2 a setting can't be used, 130 interrupted before the end.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import requests
from rich.console import Console
from rich.text import Text

from local.demo.airflow import AirflowError
from local.demo.chain import ChainFailed
from local.demo.run import DemoRun
from local.demo.settings import DemoSettings, SettingError, Source, read_settings
from local.processes import ServerError, interrupted

CHECK_SECONDS = 2.0


def main() -> int:
    """Read the settings, run the chain, stay until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make demo ARGS=…", description="Run the whole chain on this machine.")
    parser.add_argument("--once", action="store_true", help="end after the summary; exit code 1 when a stage failed")
    parser.add_argument(
        "--corrections",
        action=argparse.BooleanOptionalAction,
        help="then let the vendor correct some bars, and bring that in too (default: the first time, unless --once)",
    )
    parser.add_argument(
        "--synthetic-tickers", type=int, default=100, metavar="N", help="SIM tickers beside the real ones (100)"
    )
    parser.add_argument("--years", type=int, default=2, metavar="N", help="years of stock bars to backfill (2)")
    parser.add_argument("--option-days", type=int, default=61, metavar="N", help="days of option bars to backfill (61)")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        settings = read_settings(arguments.once, arguments.synthetic_tickers, arguments.years, arguments.option_days)
        check_source(settings.source)
        with only_one(settings):
            corrects = not settings.once if arguments.corrections is None else bool(arguments.corrections)
            return run(settings, console, corrects)
    except SettingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        console.print("\nInterrupted; everything that was started has been stopped. `make demo` goes on from here.")
        return 130


def run(settings: DemoSettings, console: Console, corrects: bool) -> int:
    """One demo from start to end, with the vendor's corrections after it or without; returns its exit code."""
    for note in settings.notes:
        console.print(Text(note, "yellow"))
    demo = DemoRun(settings, console)
    with demo.servers:
        ended = _through(demo, console)
        plays = ended and corrects and demo.has_corrections
        is_corrected = _corrected(demo, console) if plays else True
        if not settings.once and demo.is_up:
            _stay(demo, console, is_open=plays)
            console.print("\nStopping …")
    if not settings.once:
        console.print("Everything has been stopped. `make demo` goes on from the stored state.")
    return 0 if ended and is_corrected and not demo.failed else 1


def _through(demo: DemoRun, console: Console) -> bool:
    """Run all stages and print the summary; False when a server or the chain gave up."""
    failure = ""
    with demo.board:
        try:
            demo.start_servers()
            demo.run_chain()
        except (ServerError, ChainFailed, AirflowError, requests.RequestException) as error:
            failure = str(error)
            demo.board.fail_running("")
        except KeyboardInterrupt:
            demo.board.fail_running("interrupted")
            raise
    if failure:
        console.print(Text(f"\nThe demo did not come through: {failure}", "bold red"), soft_wrap=True)
        console.print(
            f"Logs: {demo.servers.logs}. What was landed and loaded is kept: `make demo` goes on from it."
            + (" Dashboard and Airflow stay up." if demo.is_up and not demo.settings.once else ""),
            soft_wrap=True,
        )
    demo.print_summary(complete=not failure)
    return not failure


def _corrected(demo: DemoRun, console: Console) -> bool:
    """The second half, for what a first load cannot show; False when the chain gave up."""
    _open_dashboard(demo)
    console.print(
        "While you look: the vendor now corrects some of its bars (played, on synthetic tickers alone), "
        "and the daily run brings that in.",
        soft_wrap=True,
    )
    try:
        demo.correct()
    except (ServerError, ChainFailed, AirflowError, requests.RequestException) as error:
        console.print(Text(f"\nThe corrections did not come through: {error}", "bold red"), soft_wrap=True)
        console.print(f"Logs: {demo.servers.logs}. The next `make demo` tries again.", soft_wrap=True)
        return False
    demo.print_corrections()
    return True


def _open_dashboard(demo: DemoRun) -> None:
    if sys.stdout.isatty() and (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin"
    ):
        webbrowser.open(demo.dashboard_url)


def _stay(demo: DemoRun, console: Console, is_open: bool) -> None:
    """Keep the servers up until Ctrl-C; one that dies is started again, with a sentence."""
    if not is_open:
        _open_dashboard(demo)
    demo.servers.start_triggerer()
    console.print("Press Ctrl-C to stop everything.")
    try:
        while True:
            demo.revive()
            time.sleep(CHECK_SECONDS)
    except KeyboardInterrupt:
        return


def check_source(source: Source) -> None:
    """One request to a market server of the user's, so that a wrong key or address is named before anything starts.

    Raises:
        SettingError: nothing answers behind POLYGON_BASE_URL, or it refuses POLYGON_API_KEY.
    """
    if source.base_url is None:
        if os.environ.get("POLYGON_API_KEY"):
            print("POLYGON_API_KEY is set without POLYGON_BASE_URL: the demo uses its built-in market, not the key.")
        return
    try:
        answer = requests.get(
            f"{source.base_url}/v3/reference/tickers",
            params={"limit": "1"},
            headers={"Authorization": f"Bearer {source.api_key}"},
            timeout=15,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise SettingError(
            f"POLYGON_BASE_URL is {source.base_url}, but nothing answers there ({type(error).__name__}): "
            "start that server, correct the address, or unset POLYGON_BASE_URL to use the built-in market."
        ) from None
    if answer.status_code == 401:
        raise SettingError(f"POLYGON_API_KEY is not accepted by {source.base_url} (401): set the key of that server.")


@contextmanager
def only_one(settings: DemoSettings) -> Iterator[None]:
    """Hold the lock of the state folder.

    Raises:
        SettingError: another demo uses it.
    """
    settings.state.mkdir(parents=True, exist_ok=True)
    with (settings.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingError(
                f"another demo runs on {settings.state}: stop it with Ctrl-C, "
                "or set SNOWTAPE_STATE_DIR to another folder."
            ) from None
        yield


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    # Once is enough: a second Ctrl-C must not cut the tidying up short.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    interrupted.set()
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
