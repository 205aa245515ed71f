"""Stock models over hard series against TA-Lib, numpy and exact fractions, from the first defined bar on."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest

from tests.dbt.conftest import Dbt, Lake
from tests.dbt.stocks import (
    NOON,
    SESSIONS,
    Bar,
    Stock,
    expected,
    flat,
    listings,
    load,
    load_dividends,
    load_splits,
    walk,
)

NEWEST = SESSIONS[-1]
# So long without a change that nothing is left of the last one: RSI stays all the same.
STILL = walk(3, SESSIONS[:60]) | flat(SESSIONS[60:], 55.0)
CRASH = walk(4, SESSIONS[:600], start=4e7, volatility=0.001) | walk(5, SESSIONS[600:700], start=2e-3)
DAY = SESSIONS[300]

STOCKS = {
    "LONG": Stock(walk(1, SESSIONS)),
    "CONSTANT": Stock(flat(SESSIONS[-300:], 123.45)),
    "STILL": Stock(STILL),
    "HUGE": Stock(walk(6, SESSIONS[-320:], start=1e7)),
    "TINY": Stock(walk(7, SESSIONS[-320:], start=1e-6)),
    "CRASH": Stock(CRASH),
    "HALTED": Stock(walk(8, [*SESSIONS[:40], *SESSIONS[100:330]])),
    "GAPS": Stock(walk(9, SESSIONS[3:900:3])),
    "RECYCLED": Stock(
        walk(10, SESSIONS[:150]) | walk(11, SESSIONS[300:600], start=9),
        splits=[(SESSIONS[100], 1, 2), (SESSIONS[500], 1, 3)],
        dividends=[(SESSIONS[50], 0.5), (SESSIONS[200], 0.7), (SESSIONS[300], 0.2), (SESSIONS[400], 0.1)],
    ),
    "DELISTED": Stock(walk(12, SESSIONS[:260])),
    "THREE": Stock(walk(13, SESSIONS[-3:])),
    "SILENT": Stock({session: Bar(10 + place % 3, volume=0.0) for place, session in enumerate(SESSIONS[-60:])}),
    "BARE": Stock(
        {day: Bar(10 + place % 5, volume=None if place == 30 else 5) for place, day in enumerate(SESSIONS[-80:])}
    ),
    "REVERSE": Stock(walk(14, SESSIONS[-300:], start=0.4), splits=[(SESSIONS[-100], 20, 1)]),
    "UNEVEN": Stock(
        walk(15, SESSIONS[-300:]),
        splits=[(SESSIONS[-200], 2, 3), (SESSIONS[-90], 1.0319, 1), (SESSIONS[-80], 1, 7), (NEWEST, 3, 1)],
    ),
    "ANNOUNCED": Stock(walk(16, SESSIONS[-50:]), splits=[(NEWEST + timedelta(days=5), 1, 4)]),
    "PAYING": Stock(
        walk(17, [*SESSIONS[200:300], *SESSIONS[303:]]),
        splits=[(SESSIONS[400], 1, 2), (SESSIONS[700], 10, 1)],
        dividends=[
            (SESSIONS[100], 1.0),  # before the first bar
            (SESSIONS[200], 1.0),  # with the first bar
            (SESSIONS[301], 0.8),  # no bar in this session
            (SESSIONS[400], 0.6),  # with a split
            (SESSIONS[401], 5000.0),  # more than the share was worth
            *((SESSIONS[place], 0.25) for place in range(500, 1100, 62)),
            (NEWEST, 0.3),
            (NEWEST + timedelta(days=3), 0.4),  # to come
        ],
    ),
}
# TA-Lib and sums that slide along lose the digits that a bar 10^14 times as large has pushed out.
ONLY_POSITIVE_MEMORY = ("ema_12_usd", "ema_26_usd", "atr_14_usd", "rsi_14")


@pytest.fixture(scope="module")
def built(lake: Lake, dbt: Dbt) -> Lake:
    for ticker, stock in STOCKS.items():
        load(lake, ticker, stock.bars, at=NOON)
    load_splits(lake, STOCKS, at=NOON)
    load_dividends(lake, STOCKS, at=NOON)
    in_euro = {
        "id": "e",
        "ticker": "PAYING",
        "ex_dividend_date": str(SESSIONS[600]),
        "cash_amount": 9,
        "currency": "EUR",
    }
    lake.load("dividends", "/stocks/v1/dividends", [in_euro], at=NOON)
    dbt("run", "--select", "+fct_polygon__stock_bars_performance")
    return lake


def column(lake: Lake, ticker: str, name: str) -> np.ndarray:
    """The mart's column, oldest session first; NULL is NaN."""
    rows = lake.execute(
        f"select {name} from marts.fct_polygon__stock_bars_performance where ticker = %s order by session_date",
        (ticker,),
    )
    return np.array([math.nan if value is None else float(value) for (value,) in rows])


@pytest.mark.parametrize("ticker", STOCKS)
def test_every_column_equals_the_oracle_to_1e_8_and_is_null_before(built: Lake, ticker: str) -> None:
    truth = expected(STOCKS[ticker], NEWEST)
    names = [name for name in truth if ticker != "CRASH" or name in ONLY_POSITIVE_MEMORY]
    scale = 0.0 if ticker == "CRASH" else np.max(truth["adjusted_close_usd"])

    for name in names:
        # Differences of averages near zero carry the rounding of what they are differences of.
        np.testing.assert_allclose(
            column(built, ticker, name), truth[name], rtol=1e-8, atol=1e-13 * scale, err_msg=f"{ticker} {name}"
        )


@pytest.mark.parametrize(
    ("name", "first"),
    [
        *((f"sma_{length}_usd", length) for length in (20, 50, 120, 200)),
        *(("ema_12_usd", 12), ("ema_26_usd", 26), ("macd_usd", 34), ("macd_signal_usd", 34), ("rsi_14", 15)),
        *(("atr_14_usd", 15), ("bollinger_upper_usd", 20), ("volatility_21d_pct", 22), ("volatility_63d_pct", 64)),
        *(("simple_return_pct", 2), ("drawdown_pct", 1), ("high_52w_usd", 252), ("average_dollar_volume_20d_usd", 20)),
    ],
)
def test_first_defined_bar_of_a_listing(built: Lake, name: str, first: int) -> None:
    values = column(built, "LONG", name)

    assert np.isnan(values[: first - 1]).all()
    assert not np.isnan(values[first - 1 :]).any()


def test_ticker_given_away_again_begins_anew_and_its_old_dividends_stay_with_the_old_company(built: Lake) -> None:
    old, new = listings(sorted(STOCKS["RECYCLED"].bars))
    dividends, total = column(built, "RECYCLED", "dividend_usd"), column(built, "RECYCLED", "total_return_close_usd")
    closes = column(built, "RECYCLED", "adjusted_close_usd")

    assert np.isnan(column(built, "RECYCLED", "simple_return_pct")[len(old)])
    assert np.isnan(column(built, "RECYCLED", "sma_20_usd")[len(old) : len(old) + 19]).all()
    assert dividends[~np.isnan(dividends)].tolist() == [0.5, 0.2, 0.1]
    assert total[len(old) - 1] == closes[len(old) - 1]
    assert total[-1] == closes[-1]
    assert len(new) == 300


def test_split_stands_in_the_row_of_its_session_and_one_to_come_nowhere(built: Lake) -> None:
    rows = built.execute(
        """
        select ticker, session_date, split_from, split_to
        from marts.fct_polygon__stock_bars_performance
        where split_from is not null or split_to is not null
        order by ticker, session_date
        """
    )

    assert [(ticker, day, pytest.approx(old), pytest.approx(new)) for ticker, day, old, new in rows] == [
        (ticker, day, old, new)
        for ticker, day, old, new in [
            ("PAYING", SESSIONS[400], 1, 2),
            ("PAYING", SESSIONS[700], 10, 1),
            ("RECYCLED", SESSIONS[100], 1, 2),
            ("RECYCLED", SESSIONS[500], 1, 3),
            ("REVERSE", SESSIONS[-100], 20, 1),
            ("UNEVEN", SESSIONS[-200], 2, 3),
            ("UNEVEN", SESSIONS[-90], 1.0319, 1),
            ("UNEVEN", SESSIONS[-80], 1, 7),
            ("UNEVEN", NEWEST, 3, 1),
        ]
    ]


def test_constant_close_has_no_deviation_no_drawdown_and_an_rsi_of_zero(built: Lake) -> None:
    names = ("rsi_14", "drawdown_pct", "volatility_21d_pct", "macd_histogram_usd")

    assert {name: abs(column(built, "CONSTANT", name)[-1]) < 1e-12 for name in names} == dict.fromkeys(names, True)


def test_types_are_the_ones_that_keep_every_digit(built: Lake) -> None:
    described = {
        row[0].lower(): row[1] for row in built.execute("describe table marts.fct_polygon__stock_bars_performance")
    }
    whole = {"ticker": "VARCHAR", "session_date": "DATE", "transactions": "NUMBER", "fetched_at": "TIMESTAMP_NTZ"}
    whole |= {"recorded_at": "TIMESTAMP_NTZ", "override_reason": "VARCHAR", "security_id": "VARCHAR"}

    assert {name: kind.split("(")[0] for name, kind in described.items()} == {
        name: whole.get(name, "FLOAT") for name in described
    }


def test_every_session_of_every_ticker_is_there_once(built: Lake) -> None:
    rows = built.execute("select ticker, session_date from marts.fct_polygon__stock_bars_performance")
    wanted: set[tuple[str, date]] = {(ticker, day) for ticker, stock in STOCKS.items() for day in stock.bars}

    assert set(rows) == wanted
    assert len(rows) == len(wanted)
