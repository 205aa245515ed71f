"""The back-test page: a strategy on a ticker or basket, and what it came to. Its state is in the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from typing import Any

from dash import Dash, Input, Output, State, dcc, html

from backtest import luck, metrics
from backtest.strategies import Strategy
from backtest.study import candidates, sweep, walk_forward
from dashboard.data.door import Door
from dashboard.pages import address, parts
from dashboard.pages import format as fmt
from dashboard.pages.backtest import figure, more, view
from dashboard.pages.backtest.form import FIGURES, PARAMS, STRATEGIES, form
from dashboard.pages.backtest.work import Work, find_work
from dashboard.pages.chart.toolbar import segments
from dashboard.pages.search import search_options

PATHS = ("/backtest",)
TITLE = "Back-test"
LEAD = "backtest-equity"
FIT_SESSIONS, TEST_SESSIONS, SHARPE_SESSIONS = 252, 63, 126


def layout() -> html.Div:
    """The page before it has data."""
    tools = segments("backtest-figure", FIGURES, "sharpe", "Figure of the sweep")
    return html.Div(
        [
            *address.stores("backtest", PARAMS),
            dcc.Store(id="backtest-ticker"),
            dcc.Store(id="backtest-session"),
            html.Div(id="backtest-banner"),
            html.Div([html.H1(TITLE, id="backtest-title")], className="st-head"),
            form(),
            _graph(LEAD, "Equity", 380, "Decided at a close, filled at the next open, after costs."),
            html.Div(
                [
                    parts.panel(
                        "backtest-metrics", "Figures", 560,
                        "A year has 252 sessions. Hit rate and profit factor count closed trades.", has_csv=True,
                    ),
                    _graph("backtest-underwater", "Underwater", 220, "How far below its height so far."),
                    _graph("backtest-monthly", "Monthly returns", 220, "Per cent."),
                    _graph("backtest-sharpe", "Rolling Sharpe", 300, f"Over {SHARPE_SESSIONS} sessions."),
                    _graph("backtest-sweep", "Parameter sweep", 300, "Gaps: pairs out of bounds.", tools=tools),
                    _graph(
                        "backtest-walk", "Walk-forward", 240,
                        f"Chosen on {FIT_SESSIONS} sessions, traded on the next {TEST_SESSIONS}.",
                    ),
                    _graph(
                        "backtest-restated", "Point in time", 300,
                        "Decided on the bars as known then, and on today’s.",
                    ),
                    _graph("backtest-holdings", "Holdings", 240, "Each ticker’s part of the equity at the close, %."),
                ],
                className="st-columns st-backtest",
            ),
            parts.panel(
                "backtest-trades", "Trades", 360,
                "Newest first; prices are the opens. A trade that is open is valued at the last close.", has_csv=True,
            ),
        ],
        className="st-page",
    )  # fmt: skip


def register(app: Dash, door: Door) -> None:
    """The page's callbacks."""
    address.register(app, "backtest", PARAMS)
    more.register(app)
    inputs = [Input(param.control, param.prop) for param in PARAMS]
    for panel, (read, has_graph) in PANELS.items():
        read_it = partial(read_panel, read=read, is_lead=panel == LEAD)
        parts.register_panel(app, door, panel, read_it, inputs, has_graph=has_graph)

    shown = [name for name, kind in STRATEGIES.items() if fields(kind)]

    @app.callback(
        *[Output(f"backtest-{name}", "style") for name in shown],
        Input("backtest-strategy", "value"),
        Input("backtest-against", "value"),
    )
    def show_parameters(strategy: Any, against: Any) -> list[dict[str, str]]:
        return [{} if name in (strategy, against) else {"display": "none"} for name in shown]

    @app.callback(Output("backtest-title", "children"), Output("backtest-banner", "children"), *inputs, *parts.REFRESH)
    def title(*values: Any) -> tuple[str, Any]:
        try:
            work = find_work(door, _named(values[: len(PARAMS)]))
        except Exception as error:  # the panels say it
            parts.failed(error)
            return TITLE, None
        return (TITLE, None) if isinstance(work, parts.Content) else (f"Back-test of {work.subject}", work.banner)

    @app.callback(
        Output("backtest-with", "data"),
        Input("backtest-with", "searchValue"),
        Input("backtest-with", "value"),
        State("backtest-ticker", "data"),
    )
    def find_more(text: str | None, chosen: list[str] | None, ticker: str | None) -> list[dict[str, str]]:
        kept = [{"value": each, "label": each, "name": "", "origin": "market", "query": ""} for each in chosen or []]
        taken = {ticker, *(chosen or [])}
        return kept + [option for option in search_options(door, text) if option["value"] not in taken]


def read_panel(
    door: Door, *values: Any, read: Callable[[Work, dict[str, Any]], parts.Content], is_lead: bool = True
) -> parts.Content:
    """One panel of the back-test that the address means; where there is none, the lead panel says why."""
    named = _named(values)
    work = find_work(door, named)
    if isinstance(work, parts.Content):
        return parts.once(work, is_lead=is_lead)
    content = read(work, named)
    if is_lead:
        content = parts.unused(content, work.unused)
    if content.state != parts.READY:
        return content
    content = replace(content, as_of=content.as_of or work.as_of)
    return parts.dated(content, work.last_session) if work.is_active else content


def _equity(work: Work, _: dict[str, Any]) -> parts.Content:
    curves = [(name, run.equity()) for name, run in work.runs]
    drawn = figure.lines(curves, "Equity, USD", f"Equity of {work.subject} by session")
    return parts.Content(parts.READY, view.first_figures(work.measures), figure=drawn)


def _metrics(work: Work, _: dict[str, Any]) -> parts.Content:
    return parts.Content(parts.READY, view.metrics_table(work.measures, work.relatives, work.intervals))


def _underwater(work: Work, _: dict[str, Any]) -> parts.Content:
    curves = [(name, metrics.underwater_pct(run.equity())) for name, run in work.runs]
    return _drawn(figure.lines(curves, "Below the height, %", "Drawdown by session", fill=True))


def _monthly(work: Work, _: dict[str, Any]) -> parts.Content:
    return _drawn(figure.monthly(metrics.monthly_returns_pct(work.runs[0][1].equity())))


def _sharpe(work: Work, _: dict[str, Any]) -> parts.Content:
    if work.session_count <= SHARPE_SESSIONS:
        return _too_short(work, SHARPE_SESSIONS + 1)
    curves = [(name, metrics.rolling_sharpe(run.equity(), SHARPE_SESSIONS)) for name, run in work.runs]
    return _drawn(figure.lines(curves, "Sharpe", f"Sharpe of {SHARPE_SESSIONS} sessions by session"))


def _sweep(work: Work, values: dict[str, Any]) -> parts.Content:
    grid = work.strategy.grid
    if grid is None:
        return _nothing_to_vary()
    asked = str(values["figure"])
    wanted = asked if asked in FIGURES else "sharpe"
    found = sweep(work.studied, work.strategy, *grid, work.setup, wanted)
    labels = (_label(work.strategy, grid[0][0]), _label(work.strategy, grid[1][0]))
    said = None if found.best is None else view.luck_of(luck.deflated_sharpe(found.best, found.sharpes))
    return parts.Content(parts.READY, said, work.studied_as_of, figure.sweep(found, labels, FIGURES[wanted]))


def _walk(work: Work, _: dict[str, Any]) -> parts.Content:
    if work.strategy.grid is None:
        return _nothing_to_vary()
    prices = work.studied
    found = walk_forward(
        prices, candidates(work.strategy), work.setup, fit_sessions=FIT_SESSIONS, test_sessions=TEST_SESSIONS
    )
    if found is None:
        return _too_short(work, FIT_SESSIONS + 2)
    curves = [("Walk-forward", found.run.equity()), ("Buy and hold", found.held.equity())]
    drawn = figure.lines(curves, "Equity, USD", "Walk-forward equity by session")
    folds = view.folds_table(found.folds, prices.sessions)
    return parts.Content(parts.READY, folds, work.studied_as_of, drawn)


def _restated(work: Work, _: dict[str, Any]) -> parts.Content:
    then, today = work.then.run.equity(), work.today.equity()
    gap = float(then.iloc[-1] - today.iloc[-1])
    rows = set(range(*work.setup.span(work.prices)))
    restated = sum(len(rows & set(versions.row.tolist())) for versions in work.versions.values())
    said: list[Any] = [
        html.Strong(f"{fmt.signed(gap)} USD"),
        f" at the end on what was known then, against today’s bars: {fmt.plural(restated, 'bar')} restated, ",
        f"{fmt.plural(work.then.changed_decisions, 'decision')} at a close otherwise.",
    ]
    drawn = figure.lines([("As known then", then), ("As restated today", today)], "Equity, USD", "Then and today")
    difference = figure.lines([("Difference", then - today)], "", "")["data"][0]
    difference |= {"yaxis": "y2", "line": {"color": "--st-muted", "dash": "dot", "width": 1.5}}
    drawn["data"].append(difference)
    drawn["layout"]["yaxis"] |= {"domain": [0.36, 1]}
    drawn["layout"]["yaxis2"] = {"domain": [0, 0.26], "title": {"text": "Gap, USD"}}
    drawn["layout"]["xaxis"]["anchor"] = "y2"
    return parts.Content(parts.READY, html.P(said), figure=drawn)


def _holdings(work: Work, _: dict[str, Any]) -> parts.Content:
    return _drawn(figure.holdings(work.runs[0][1].weights_pct()))


def _trades(work: Work, _: dict[str, Any]) -> parts.Content:
    if work.trade_list.empty:
        return parts.message(
            parts.EMPTY, "No trade", "No signal of the strategy fell between the first close and the last open.",
            "Next: choose shorter windows, or a ticker with more sessions.",
        )  # fmt: skip
    return parts.Content(parts.READY, view.trades_grid(work.trade_list))


PANELS: dict[str, tuple[Callable[[Work, dict[str, Any]], parts.Content], bool]] = {
    "backtest-equity": (_equity, True),
    "backtest-metrics": (_metrics, False),
    "backtest-underwater": (_underwater, True),
    "backtest-monthly": (_monthly, True),
    "backtest-sharpe": (_sharpe, True),
    "backtest-sweep": (_sweep, True),
    "backtest-walk": (_walk, True),
    "backtest-restated": (_restated, True),
    "backtest-holdings": (_holdings, True),
    "backtest-trades": (_trades, False),
}


def _named(values: tuple[Any, ...]) -> dict[str, Any]:
    return {param.name: value for param, value in zip(PARAMS, values, strict=True)}


def _drawn(drawn: dict[str, Any]) -> parts.Content:
    return parts.Content(parts.READY, figure=drawn)


def _label(strategy: Strategy, name: str) -> str:
    return str(next(each.metadata["label"] for each in fields(strategy) if each.name == name))


def _too_short(work: Work, needed: int) -> parts.Content:
    have = fmt.plural(work.session_count, "session")
    if work.session_count < len(work.prices.sessions):
        return parts.message(
            parts.EMPTY,
            "Too few sessions",
            f"The range has {have}; this needs {needed}.",
            "Next: choose an earlier From or a later To under More settings.",
        )
    return parts.message(
        parts.EMPTY, "Too few sessions", f"{work.subject} has {have}; this needs {needed}.",
        ["Next: load more history with ", html.Code("polygon_stocks_ingest_backfill"), "."],
    )  # fmt: skip


def _nothing_to_vary() -> parts.Content:
    return parts.message(
        parts.EMPTY, "Nothing to vary", "Buy and hold has no parameter.", "Next: choose another strategy."
    )


def _graph(panel_id: str, title: str, height: int, hint: str, tools: Any = None) -> html.Section:
    return parts.panel(panel_id, title, height, hint, tools=tools, has_csv=True, has_graph=True)
