"""A back-test as one HTML file: no script, no network, charts as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from backtest import luck, metrics
from backtest.engine import Run
from backtest.svg import chart
from backtest.trades import trades

# Label, field of `Metrics`, decimals, unit.
FIGURES: tuple[tuple[str, str, int, str], ...] = (
    ("Final equity", "final_usd", 2, "USD"),
    ("Total return", "total_return_pct", 2, "%"),
    ("CAGR", "cagr_pct", 2, "%"),
    ("Volatility", "volatility_pct", 2, "%"),
    ("Sharpe", "sharpe", 2, ""),
    ("True Sharpe above 0", "likely_pct", 1, "%"),
    ("Sortino", "sortino", 2, ""),
    ("Calmar", "calmar", 2, ""),
    ("Closed trades", "closed_count", 0, ""),
    ("Open trades", "open_count", 0, ""),
    ("Hit rate, closed trades", "hit_rate_pct", 1, "%"),
    ("Profit factor, closed trades", "profit_factor", 2, ""),
    ("Turnover a year", "turnover_pct", 0, "%"),
    ("Exposure", "exposure_pct", 1, "%"),
    ("Costs paid", "costs_usd", 2, "USD"),
)
_TRADES = (
    ("Ticker", "ticker"), ("Side", "side"), ("Entry session", "entry_session"), ("Entry, USD", "entry_usd"),
    ("Exit session", "exit_session"), ("Exit, USD", "exit_usd"), ("Sessions", "sessions"),
    ("Profit, USD", "profit_usd"),
    ("Return, %", "return_pct"), ("Worst, %", "mae_pct"), ("Best, %", "mfe_pct"), ("Closed by", "closed_by"),
)  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#16202c, #e6ebf2); --muted: light-dark(#566375, #9aa7b8);
  --line: light-dark(#d9dfe7, #2c3644); --page: light-dark(#ffffff, #10161f); --a: light-dark(#1f5fbf, #6ea8ff);
  --b: light-dark(#9a5b00, #f0b357); }
body { margin: 0 auto; max-width: 1000px; padding: 24px 18px 60px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 24px; } h2 { margin: 32px 0 8px; font-size: 17px; } p { margin: 4px 0; color: var(--muted); }
.scroll { overflow-x: auto; } svg { display: block; width: 100%; min-width: 620px; height: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 12px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; text-align: left; } thead th { color: var(--muted); }
.warning { padding: 8px 12px; border-left: 3px solid var(--b); color: var(--ink); }
"""


@dataclass(frozen=True)
class Report:
    """What was run: the strategy first, what it is beside after it; `settings` in the words of the command line."""

    title: str
    settings: tuple[tuple[str, str], ...]
    runs: tuple[tuple[str, Run], ...]
    notes: tuple[str, ...] = ()
    deflated: luck.Deflated | None = None

    def table(self) -> list[list[str]]:
        """The figures as text: a head, then a row a figure; the last column is the strategy's 95 % interval."""
        measures = [metrics.measure(run) for _, run in self.runs]
        daily = [metrics.returns(run.equity()) for _, run in self.runs]
        beside = [luck.alpha_beta(each, daily[-1]) for each in daily]
        around = luck.intervals(daily[0], closed_profits(self.runs[0][1]))
        rows = [["Figure", *[name for name, _ in self.runs], "95% interval"]]
        for label, field, decimals, unit in FIGURES:
            values = [number(getattr(found, field), decimals) for found in measures]
            low, high = around.get(field, (math.nan, math.nan))
            interval = "" if math.isnan(low) else f"{number(low, decimals)} to {number(high, decimals)}"
            rows.append([f"{label}, {unit}" if unit else label, *values, interval])
        falls = [number(found.drawdown.depth_pct, 2) for found in measures]
        rows.insert(5, ["Max drawdown, %", *falls, ""])
        rows.append(["Alpha a year, %", *[number(each.alpha_pct, 2) for each in beside], ""])
        rows.append(["Beta", *[number(each.beta, 2) for each in beside], ""])
        return rows

    def warning(self) -> str | None:
        """Whether the best of the sweep is better than chance; None without a sweep."""
        found = self.deflated
        if found is None or math.isnan(found.likely_pct):
            return None
        said = (
            f"The best of {found.trials} pairs of parameters has a Sharpe ratio of {found.sharpe:.2f}; the best of "
            f"as many without skill would be expected at {found.expected_sharpe:.2f}. Deflated Sharpe ratio: "
            f"{found.likely_pct:.0f}%."
        )
        return f"No better than chance. {said}" if found.is_luck else said

    def html(self) -> str:
        """The whole page."""
        curves = [(name, run.equity()) for name, run in self.runs]
        under = [(name, metrics.underwater_pct(equity)) for name, equity in curves]
        warning = self.warning()
        notes = "".join(
            f'<p class="warning">{escape(each)}</p>' for each in [*self.notes, *([warning] if warning else [])]
        )
        months = metrics.monthly_returns_pct(curves[0][1])
        by_month = [["Year", *_MONTHS]]
        by_month += [
            [str(year), *[number(each, 1, "") for each in row]]
            for year, row in zip(months.index, months.to_numpy(), strict=True)
        ]
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(self.title)}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
            f"<h1>{escape(self.title)}</h1>"
            + "".join(f"<p>{escape(name)}: {escape(value)}</p>" for name, value in self.settings)
            + notes
            + f"<h2>Equity, USD</h2>{_scroll(chart(curves, 'Equity in USD by session'))}"
            + f"<h2>Below the highest equity so far, %</h2>{_scroll(chart(under, 'Drawdown by session', height=180))}"
            + f"<h2>Figures</h2>{_table(self.table())}"
            + f"<h2>Returns by month, %</h2>{_table(by_month)}"
            + f"<h2>Trades</h2>{_table(_trade_rows(self.runs[0][1]))}</body></html>\n"
        )


def closed_profits(run: Run) -> pd.Series:
    """Profits of a run's closed trades, USD."""
    found = trades(run)
    return found[~found["is_open"].astype(bool)]["profit_usd"].astype(float)


def number(value: float, decimals: int, none: str = "–") -> str:
    """1234.5 → "1,234.50"; a true minus sign; `none` for no value."""
    if math.isnan(value):
        return none
    return "∞" if math.isinf(value) else f"{value:z,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def _trade_rows(run: Run) -> list[list[str]]:
    rows = [[label for label, _ in _TRADES]]
    for trade in trades(run).iloc[::-1].to_dict("records"):
        cells = []
        for _, column in _TRADES:
            value = trade[column]
            if column.endswith("_session"):
                cells.append("open" if pd.isna(value) else f"{value:%Y-%m-%d}")
            else:
                is_text = isinstance(value, str)
                cells.append(value if is_text else number(float(value), 0 if column == "sessions" else 2))
        rows.append(cells)
    return rows


def _table(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(each)}</td>" for each in row) + "</tr>" for row in rows[1:])
    return _scroll(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _scroll(inner: str) -> str:
    """What is wider than a phone scrolls by itself, by keyboard too."""
    return f'<div class="scroll" tabindex="0">{inner}</div>'
