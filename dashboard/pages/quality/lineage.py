"""The way of the data from the API's answers to what the pages read: models, what they read, how their tests are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from dash import html

from dashboard.pages.quality.view import badge


@dataclass(frozen=True)
class Stage:
    """Models that stand side by side, each with what it reads; a test holds them against the dbt project."""

    name: str
    said: str
    models: Mapping[str, tuple[str, ...]]


_HISTORIES = {
    "stock_bars": "stock_bars", "splits": "splits", "dividends": "dividends", "tickers": "tickers",
    "ticker_listings": "ticker_listings", "ticker_events": "ticker_events", "treasury_yields": "treasury_yields",
    "options_bars": "option_bars", "option_contracts": "option_contracts", "option_chain": "option_chain",
}  # fmt: skip
_MORE = {"stock_bars": ("raw.stock_bar_files",), "option_bars": ("raw.option_bar_files", "raw.option_chain")}
_NOW = {
    "stg_polygon__stock_bars_casted": "stock_bars", "stg_polygon__splits": "splits",
    "stg_polygon__dividends": "dividends", "stg_polygon__tickers": "tickers",
    "stg_polygon__options_bars_casted": "options_bars", "stg_polygon__option_contracts": "option_contracts",
    "stg_polygon__option_terms": "option_contracts", "stg_polygon__option_chain": "option_chain",
    "stg_polygon__treasury_yields": "treasury_yields",
}  # fmt: skip
_OVERRIDES, _VERSIONS = "snapshot_polygon__overrides", "stg_polygon__{}_versions"
# Evidence of identity is not overruled.
_AS_TOLD = ("ticker_listings", "ticker_events")
_OPTIONS = "int_polygon__options_bars_enriched"

LINEAGE = (
    Stage(
        "Raw", "the API’s answers and the vendor’s flat files, as they came",
        dict.fromkeys(chain(map("raw.{}".format, _HISTORIES.values()), *_MORE.values()), ()),
    ),
    Stage(
        "Snapshots", "every version, with the time from which we knew it",
        {
            f"snapshot_polygon__{name}": (f"raw.{dataset}", *_MORE.get(dataset, ()))
            for name, dataset in _HISTORIES.items()
        } | {_OVERRIDES: ()},
    ),
    Stage(
        "Versions", "the vendor’s versions, and in them what people have overruled",
        {
            _VERSIONS.format(name): (f"snapshot_polygon__{name}", _OVERRIDES)
            for name in _HISTORIES if name not in _AS_TOLD
        },
    ),
    Stage(
        "Staging", "the version that counts now, or at the moment that was asked for",
        {name: (_VERSIONS.format(history),) for name, history in _NOW.items()}
        | {f"stg_polygon__{name}": (f"snapshot_polygon__{name}",) for name in _AS_TOLD}
        | {"stg_polygon__tickers": (_VERSIONS.format("tickers"), "stg_polygon__ticker_listings")},
    ),
    Stage(
        "Intermediate", "adjusted bars with indicators; contracts with their underlying, volatility and greeks",
        {
            "int_polygon__splits_chosen": ("stg_polygon__splits", "stg_polygon__stock_bars_casted"),
            "int_polygon__ticker_years": ("stg_polygon__stock_bars_casted",),
            "int_polygon__ticker_stretches": ("int_polygon__ticker_years",),
            "int_polygon__ticker_claims": ("stg_polygon__tickers",),
            "int_polygon__ticker_spans_claimed": (
                "int_polygon__ticker_claims", "int_polygon__ticker_stretches", "stg_polygon__stock_bars_casted",
            ),
            "int_polygon__ticker_spans_traded": (
                "int_polygon__ticker_spans_claimed", "int_polygon__ticker_stretches", "stg_polygon__stock_bars_casted",
            ),
            "int_polygon__ticker_successions": (
                "int_polygon__ticker_spans_claimed", "int_polygon__ticker_spans_traded",
                "stg_polygon__stock_bars_casted",
            ),
            "int_polygon__ticker_spans": (
                "int_polygon__ticker_spans_claimed", "int_polygon__ticker_spans_traded",
                "int_polygon__ticker_successions",
            ),
            "int_polygon__split_factors": ("int_polygon__splits_chosen", "int_polygon__ticker_spans"),
            "int_polygon__stock_events": (
                "int_polygon__splits_chosen", "stg_polygon__dividends", "int_polygon__split_factors",
                "int_polygon__ticker_spans",
            ),
            "int_polygon__stock_bars_enriched": (
                "stg_polygon__stock_bars_casted", "int_polygon__split_factors", "int_polygon__stock_events",
                "int_polygon__ticker_spans",
            ),
            "int_polygon__risk_free_rates": ("stg_polygon__treasury_yields",),
            "int_polygon__dividends_announced": ("stg_polygon__dividends",),
            _OPTIONS: (
                "stg_polygon__stock_bars_casted", "int_polygon__splits_chosen", "int_polygon__dividends_announced",
                "stg_polygon__options_bars_casted", "stg_polygon__option_terms", "stg_polygon__option_chain",
                "int_polygon__risk_free_rates", "int_polygon__ticker_spans",
            ),
            "int_polygon__contracts_listed": (),
            "int_polygon__contract_lineage": (
                _OPTIONS, "int_polygon__contracts_listed", "int_polygon__ticker_spans", "int_polygon__stock_events",
            ),
            "int_polygon__stocks_options_joined": ("int_polygon__stock_bars_enriched", _OPTIONS),
            "int_polygon__volatility_slices": (_OPTIONS,),
            "int_polygon__chains_covered": (),
        },
    ),
    Stage(
        "Marts", "what the pages read",
        {
            "dim_polygon__tickers": (
                "stg_polygon__tickers", "int_polygon__ticker_years", "int_polygon__ticker_spans",
            ),
            "dim_polygon__securities": (
                "int_polygon__ticker_spans", "stg_polygon__ticker_listings", "stg_polygon__tickers",
            ),
            "dim_polygon__ticker_versions": (_VERSIONS.format("tickers"),),
            "fct_polygon__stock_bars_performance": ("int_polygon__stock_bars_enriched",),
            "fct_polygon__bar_versions": (_VERSIONS.format("stock_bars"),),
            "fct_polygon__split_versions": (_VERSIONS.format("splits"),),
            "fct_polygon__option_chain": ("dim_polygon__tickers", _OPTIONS),
            "dim_polygon__option_contracts": ("stg_polygon__option_terms", "int_polygon__contract_lineage"),
            "fct_polygon__contract_history": (_OPTIONS, "int_polygon__contract_lineage"),
            "fct_polygon__volatility_smile": (_OPTIONS,),
            "fct_polygon__volatility_term_structure": (_OPTIONS,),
            "fct_polygon__open_interest_by_strike": (_OPTIONS,),
            "fct_polygon__put_call_ratio": (_OPTIONS,),
            "fct_polygon__put_call_parity": (_OPTIONS,),
            "fct_polygon__chain_coverage": (
                "fct_polygon__put_call_ratio", "int_polygon__chains_covered", "int_polygon__ticker_spans",
            ),
            "fct_polygon__volatility_surface": ("int_polygon__volatility_slices",),
            "fct_polygon__fitted_volatilities": ("int_polygon__volatility_slices", _OPTIONS),
        },
    ),
)  # fmt: skip


def lineage(worst: Mapping[str, str]) -> html.Ol:
    """The stages in the order of the data; `worst`: by model, the worst status of its tests."""
    return html.Ol(
        [
            html.Li(
                [
                    html.Strong(stage.name),
                    html.P(stage.said, className="st-hint"),
                    *[_model(model, parents, worst.get(model)) for model, parents in stage.models.items()],
                ]
            )
            for stage in LINEAGE
        ],
        className="st-lineage",
    )


def _model(model: str, parents: tuple[str, ...], status: str | None) -> html.Div:
    reads = html.Span(f"← {', '.join(map(_short, parents))}", className="st-hint st-break") if parents else None
    return html.Div([badge(status) if status else None, html.Span([html.Code(_short(model)), reads])], title=model)


def _short(model: str) -> str:
    """Without what all names have: `polygon__`."""
    return model.replace("polygon__", "")
