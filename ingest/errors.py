"""Every error that this package raises on purpose.

IngestError
  + TransientError      worth another try
    - RateLimited       429, or a wait longer than we are ready to take
    - ServerError       5xx, or an answer that is broken: HTML, invalid JSON, truncated gzip
    - Unreachable       no connection, or no answer in time
    - StoreUnavailable  the object store does not answer, or fails
    - IncompleteFetch   something is missing after what could be saved is saved
    - LoadFailed        manifests that the warehouse could not load just now
  + TerminalError       another try can't help
    - BadSetting        an environment variable or a run's parameter
    - NotAuthorized     401: the key is wrong
    - NotEntitled       403: the plan does not include this
    - NotPublishedYet   403: the session is served later
    - BeforeHistory     403: older than what the plan serves
    - MovedAway         30x: the API is at another address
    - NotFound          404: no such ticker or contract
    - MalformedResponse an answer that does not answer what was asked
    - BadManifest       a manifest that is not one
    - LoadRefused       manifests that the warehouse has refused; they stand in raw.load_rejects
    - ManifestReplaced  another document is under the key of a loaded manifest
    - AlreadyThere      an object with this key exists and is not the one we wrote

Only `TransientError` is retried: the type decides, not the call site. No message ever holds the API key.
"""


class IngestError(Exception):
    """Root of the tree."""


class TransientError(IngestError):
    """Worth another try."""


class RateLimited(TransientError):
    """The API asks for a pause of `retry_after` seconds (None: it did not say how long)."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServerError(TransientError):
    """The server failed, or its answer is broken."""


class Unreachable(TransientError):
    """No connection, or no answer in time."""


class StoreUnavailable(TransientError):
    """The object store does not answer, or reports a failure of its own."""


class IncompleteFetch(TransientError):
    """Requests that found no answer; whatever was answered is saved under a manifest that says what is missing."""


class LoadFailed(TransientError):
    """Manifests that the warehouse could not load just now; the message names each with its reason."""


class TerminalError(IngestError):
    """Another try can't help."""


class BadSetting(TerminalError):
    """A setting or parameter can't be used; the message is one line that names it."""


class NotAuthorized(TerminalError):
    """The API does not know the key."""


class NotEntitled(TerminalError):
    """The plan does not include what was asked for."""


class NotPublishedYet(TerminalError):
    """The session has closed, and the API serves it later: another request is of use to a later run only."""


class BeforeHistory(TerminalError):
    """The data is older than the plan's history."""


class MovedAway(TerminalError):
    """The API redirects to another address; the message names the setting and what to set it to."""


class NotFound(TerminalError):
    """The API does not know the ticker or contract."""


class MalformedResponse(TerminalError):
    """The answer does not fit the question: another ticker, another date, a loop of pages."""


class BadManifest(TerminalError):
    """A document under `manifests/` that is not a manifest."""


class LoadRefused(TerminalError):
    """Manifests that the warehouse has refused, each named with its reason; the next run of the load tries again."""


class ManifestReplaced(TerminalError):
    """Under the keys of loaded manifests there are other documents than those that were loaded; each is named."""


class AlreadyThere(TerminalError):
    """Objects are written once; this key holds something else."""
