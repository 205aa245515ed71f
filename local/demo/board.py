"""The live table of the demo: one line a stage with its state, seconds and rows.

On a terminal the table is redrawn in place; elsewhere (a file, CI) a line is printed when a stage changes its state.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

WAITING, RUNNING, DONE, FAILED, UNCHANGED = "waiting", "running", "done", "failed", "unchanged"
STYLES = {WAITING: "dim", RUNNING: "cyan", DONE: "green", FAILED: "bold red", UNCHANGED: "green"}
SIGNS = {WAITING: "·", DONE: "✓", FAILED: "✗", UNCHANGED: "="}


@dataclass
class Stage:
    """One line: `seconds` counts by itself while the stage runs; `rows` is None where rows make no sense."""

    name: str
    what: str
    state: str = WAITING
    rows: int | None = None
    detail: str = ""
    began: float | None = None
    took: float | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds so far, or in all once the stage has ended."""
        if self.took is not None:
            return self.took
        return None if self.began is None else time.monotonic() - self.began


class Board:
    """The stages in their order; use as a context manager, so that the terminal is left tidy."""

    def __init__(self, stages: Iterable[Stage], console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.stages = {stage.name: stage for stage in stages}
        self._spinner = Spinner("dots", style="cyan")
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._table, console=self.console, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def start(self, name: str, detail: str = "") -> None:
        """The stage runs now."""
        stage = self.stages[name]
        stage.began, stage.took = time.monotonic(), None
        self._set(stage, RUNNING, detail)

    def end(
        self, name: str, state: str = DONE, detail: str = "", rows: int | None = None, seconds: float | None = None
    ) -> None:
        """The stage has ended; `seconds` replaces the board's own count."""
        stage = self.stages[name]
        stage.took = seconds if seconds is not None else stage.seconds
        if rows is not None:
            stage.rows = rows
        self._set(stage, state, detail)

    def note(self, name: str, detail: str) -> None:
        """Change the remark of a stage; no new line where lines are printed."""
        self.stages[name].detail = detail

    def fail_running(self, detail: str) -> None:
        """Whatever still runs did not come through."""
        for stage in self.stages.values():
            if stage.state == RUNNING:
                self.end(stage.name, FAILED, detail)

    @property
    def failed(self) -> list[str]:
        """Names of the stages that failed."""
        return [stage.name for stage in self.stages.values() if stage.state == FAILED]

    def _set(self, stage: Stage, state: str, detail: str) -> None:
        changed = (stage.state, stage.detail) != (state, detail)
        stage.state, stage.detail = state, detail
        if self._live is None and changed:
            self.console.print(self._line(stage), soft_wrap=True)

    def _line(self, stage: Stage) -> Text:
        line = Text(f"{SIGNS.get(stage.state, '>')} {stage.name:<33}", style=STYLES[stage.state])
        line.append(f"{stage.state:<10}")
        line.append(f"{_seconds(stage):>8}")
        line.append(f"{_rows(stage):>14}")
        if stage.detail:
            line.append(f"  {stage.detail}", style="dim")
        return line

    def _table(self) -> RenderableType:
        table = Table(box=None, padding=(0, 1), header_style="dim", expand=False)
        table.add_column("", width=1)
        table.add_column("stage", no_wrap=True)
        table.add_column("state", no_wrap=True)
        table.add_column("seconds", justify="right", no_wrap=True)
        table.add_column("rows", justify="right", no_wrap=True)
        table.add_column("", style="dim", overflow="ellipsis", no_wrap=True)
        for stage in self.stages.values():
            sign: RenderableType = (
                self._spinner if stage.state == RUNNING else Text(SIGNS[stage.state], STYLES[stage.state])
            )
            table.add_row(
                sign,
                Text(stage.name, "dim" if stage.state == WAITING else ""),
                Text(stage.state, STYLES[stage.state]),
                _seconds(stage).removesuffix(" s"),
                _rows(stage).removesuffix(" rows"),
                stage.detail or stage.what,
            )
        return Group(Text(""), table, Text(""))


def _seconds(stage: Stage) -> str:
    return "" if stage.seconds is None else f"{stage.seconds:.1f} s"


def _rows(stage: Stage) -> str:
    return "" if stage.rows is None else f"{stage.rows:,} rows"
