"""Fetch a batch of flat files and land them; what is missing is told with its reason."""

from __future__ import annotations

import logging

from ingest import completeness
from ingest.completeness import SuspectSession
from ingest.datasets import Dataset, Request
from ingest.errors import BadSetting, IngestError, MalformedResponse, NotEntitled, NotFound
from ingest.fetching import Fetched
from ingest.flat_files.bucket import FetchedFile, FlatFileBucket
from ingest.landing import Landing
from ingest.manifests import Missing
from ingest.outcomes import UNKNOWN_CLOSURE
from ingest.planning import Batch

log = logging.getLogger(__name__)


class FileFetch:
    """A batch of files on its way, one part. Never raises for what the vendor's bucket does, see `Fetched`."""

    def __init__(self, batch: Batch, bucket: FlatFileBucket) -> None:
        self._batch, self._bucket = batch, bucket

    def part(self, landing: Landing) -> Fetched:
        """Fetch and land every file."""
        rows: dict[str, int] = {}
        notes: list[Missing] = []
        failures: list[str] = []
        fatal: IngestError | None = None
        for request in self._batch.requests:
            session = str(request.session)
            try:
                if fatal:
                    raise fatal
                file = self._bucket.fetch(request.path, landing.spool)
                check(request, file)
                landing.add_file(request, file)
            except (NotEntitled, NotFound) as error:
                notes.append(Missing(request.dataset.value, request.path, {}, str(error)))
                if self._is_needed(session):
                    failures.append(str(error))
            except IngestError as error:
                fatal = error if isinstance(error, BadSetting) else fatal
                notes.append(Missing(request.dataset.value, request.path, {}, str(error)))
                failures.append(str(error))
            else:
                rows[session] = file.rows
        suspects = self._suspects(rows)
        suspected = {suspect.session for suspect in suspects}
        return Fetched(
            expected=len(self._batch.requests),
            answered=len(self._batch.requests) - len(failures),
            missing=tuple(notes),
            sessions=tuple(session for session in rows if session not in suspected),
            first_failure=failures[0] if failures else None,
            fatal=fatal,
            suspects=suspects,
            session_rows=rows,
            outstanding=self._batch.outstanding,
        )

    def _is_needed(self, session: str) -> bool:
        """Of files of the past that are refused the plan's history may be the cause: a note, as for the API."""
        since = self._batch.bars_since
        return since is not None and session >= since.isoformat()

    def _suspects(self, rows: dict[str, int]) -> tuple[SuspectSession, ...]:
        """Sessions with suspiciously few stocks. How many contracts trade changes too much to say the same of them."""
        if not self._batch.neighbours and self._batch.requests[0].dataset != Dataset.STOCK_BAR_FILES:
            return ()
        lacking = completeness.too_few(rows, self._batch.neighbours)
        for session, expected in lacking.items():
            log.warning("The file of %s is suspect: %d tickers, %d were expected.", session, rows[session], expected)
        # Of whatever has the bars: the same session from the API closes it.
        dataset = Dataset.STOCK_BARS.value
        return tuple(
            SuspectSession(dataset, day, rows[day], expected, fetches=1) for day, expected in sorted(lacking.items())
        )


def check(request: Request, file: FetchedFile) -> None:
    """Raise `MalformedResponse` where a file is not of the session that its key says: as a whole, or most of its bars.

    A few bars of other days are landed with the rest; the warehouse rejects them one by one.
    """
    if not file.rows:
        raise MalformedResponse(
            f"{request.path}: session {request.session} has closed, but the file holds no bars{UNKNOWN_CLOSURE}"
        )
    foreign = file.rows - file.sessions[request.session]
    if 2 * foreign > file.rows:
        other = next(day for day, _ in file.sessions.most_common() if day != request.session)
        raise MalformedResponse(f"{request.path}: {foreign} of {file.rows} bars are of {other} or others")
