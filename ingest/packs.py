"""Several batches of options as the work of one task, and what they cover as one manifest. Pure.

An underlying may have a dozen contracts or ten thousand. A task of its own for each would take Airflow longer than the
requests do, and a manifest of its own for each the warehouse longer than the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingest import planning
from ingest.completeness import SuspectSession
from ingest.datasets import Family
from ingest.manifests import WHOLE_MARKET, Cover, Coverage
from ingest.planning import Batch, chunks

# A few dozen tasks for every underlying that there is.
UNDERLYINGS_A_TASK = 250
# A manifest is closed at the first of these, and a kill costs no more: results that are landed, and seconds.
ROWS_A_MANIFEST, SECONDS_A_MANIFEST = 100_000, 300.0
# Longer lists are told by their first and last name.
MOST_NAMED = 3


def packed(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """The batches as JSON values, a task each: those of an underlying's options several together, any other alone."""
    alone = [batch.to_dict() for batch in batches if not _is_of_an_underlying(batch)]
    options = [batch for batch in batches if _is_of_an_underlying(batch)]
    return alone + [_pack(some) for some in chunks(options, UNDERLYINGS_A_TASK)]


def unpacked(values: Mapping[str, Any]) -> list[Batch]:
    """The batches of a task."""
    return [Batch.from_dict(one) for one in values.get("batches", [values])]


def named(batches: Sequence[Batch]) -> str:
    """What Airflow's list of mapped tasks and a message call them."""
    first, last = batches[0], batches[-1]
    if len(batches) == 1:
        return first.label
    names = [name for batch in batches for name in batch.scope]
    shown = ", ".join(names) if len(names) <= MOST_NAMED else f"{names[0]} … {names[-1]} ({len(names)} underlyings)"
    return f"{shown} {last.label.partition(' ')[2]}"


def remaining(batches: Sequence[Batch], held: Coverage) -> list[Batch]:
    """What a second try of a task has left to fetch; `held` by its first one."""
    left = batches
    if len(batches) > 1:
        left = [one for one in batches if not one.sessions or not held.holds(one.scope[0]) >= set(one.sessions)]
    return [planning.remaining(batch, held) for batch in left]


def cover(underlying: str, sessions: Sequence[str], suspects: Sequence[SuspectSession], contracts: Any) -> Cover:
    """What a manifest of several underlyings covers of one of them."""
    return Cover(underlying, tuple(sessions), tuple(sorted({one.session for one in suspects})), contracts)


def suspected(suspects: Sequence[SuspectSession]) -> tuple[SuspectSession, ...]:
    """Each session once, with the sums of what its underlyings lack."""
    sums: dict[tuple[str, str], SuspectSession] = {}
    for one in suspects:
        known = sums.get((one.dataset, one.session))
        sums[one.dataset, one.session] = one if known is None else replace(
            known,
            result_rows=known.result_rows + one.result_rows,
            expected_rows=known.expected_rows + one.expected_rows,
            fetches=max(known.fetches, one.fetches),
        )  # fmt: skip
    return tuple(sums.values())


def _is_of_an_underlying(batch: Batch) -> bool:
    return batch.family == Family.OPTIONS and batch.scope != (WHOLE_MARKET,)


def _pack(batches: Sequence[Batch]) -> dict[str, Any]:
    if len(batches) == 1:
        return batches[0].to_dict()
    return {"label": named(batches), "batches": [batch.to_dict() for batch in batches]}
