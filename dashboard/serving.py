"""The HTTP server: waitress, which reads whole requests before a thread has to do with them, with a few limits more.

A client that sends or reads slowly costs a connection, never a thread. What waitress lacks and this module adds: an end
to a request that drips in, `/alive`, `/health` and refusals on a thread of their own, and refusals that arrive although
the client still sends.
"""

from __future__ import annotations

import socket
import time
from math import ceil
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher
from waitress.utilities import Error, RequestEntityTooLarge, RequestHeaderFieldsTooLarge

from dashboard.settings import ALIVE, HEALTH

THREADS = 8
# The largest request of our pages, a callback's inputs, has some kilobytes.
BODY_BYTES = 256 * 1024
HEAD_BYTES = 64 * 1024
CONNECTIONS = 500
# From a request's first byte to its last.
REQUEST_SECONDS = 30.0
DRAIN_SECONDS = 5.0
_SENTENCES = {
    RequestEntityTooLarge: f"The body is more than {BODY_BYTES:,} bytes. Nothing was done.",
    RequestHeaderFieldsTooLarge: f"The request's head is more than {HEAD_BYTES:,} bytes. Nothing was done.",
}


class RequestTimeout(Error):
    """A request that was not complete in time."""

    code = 408
    reason = "Request Timeout"


class _Parser(HTTPRequestParser):
    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if sentence := _SENTENCES.get(type(self.error)):
            self.error.body = sentence
        if self.error:
            # Otherwise it would be asked to go on before it is refused.
            self.expect_continue = False
        return consumed


class _Refusal(ErrorTask):
    def execute(self) -> None:
        self.channel.is_refused = True
        super().execute()


class _Channel(HTTPChannel):
    """One connection. `request` is what has come of a request that isn't complete."""

    parser_class = _Parser
    error_task_class = _Refusal
    request: Any
    close_when_flushed: bool
    is_refused = False
    _began = 0.0
    _draining_until: float | None = None

    def received(self, data: bytes) -> bool:
        if self._draining_until is not None:
            return True
        before = self.request
        done: bool = super().received(data)
        if self.request is not before:
            self._began = time.monotonic()
        return done

    def handle_write(self) -> None:
        """After a refusal, read on for a moment: closed while data comes, a connection takes its answer along."""
        if not (self.is_refused and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if not self.total_outbufs_len and not self.will_close:
            self.socket.shutdown(socket.SHUT_WR)
            self._draining_until = time.monotonic() + DRAIN_SECONDS
            self.close_when_flushed = False

    def end_what_is_late(self, request_seconds: float) -> None:
        """Refuse a request that has not come within so many seconds; close what has been drained for long enough."""
        now = time.monotonic()
        if self._draining_until is not None:
            self.will_close = now > self._draining_until
            return
        with self.requests_lock:
            if self.request is None or now - self._began < request_seconds:
                return
            late, self.request = self.request, None
            late.error = RequestTimeout(f"The request was not complete within {request_seconds:.0f} s.")
            self.requests.append(late)
            if len(self.requests) == 1:
                self.server.add_task(self)


class _Dispatcher(ThreadedTaskDispatcher):
    """The threads of the pages, and one for what must be answered while all of them are busy."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self.set_thread_count(threads)
        self._quick = ThreadedTaskDispatcher()
        self._quick.set_thread_count(1)

    def add_task(self, task: _Channel) -> None:
        request = task.requests[0]
        if request.error or request.path in (ALIVE, HEALTH):
            self._quick.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        self._quick.shutdown(cancel_pending, timeout)
        return bool(super().shutdown(cancel_pending, timeout))


class Server(TcpWSGIServer):
    """Serves a WSGI application on a listening socket until SystemExit or KeyboardInterrupt.

    Args:
        application: what answers.
        listener: bound and listening; IPv4 or IPv6.
        request_seconds: from a request's first byte to its last.
        threads: how many requests are answered at once.
    """

    channel_class = _Channel

    def __init__(
        self,
        application: Any,
        listener: socket.socket,
        request_seconds: float = REQUEST_SECONDS,
        threads: int = THREADS,
    ) -> None:
        self._request_seconds = request_seconds
        settings = Adjustments(
            sockets=[listener],
            threads=threads,
            ident="",
            connection_limit=CONNECTIONS,
            # Without a byte in either direction; longer than a request may take, so that that is refused with a word.
            channel_timeout=ceil(request_seconds) + 5,
            cleanup_interval=1,
            # select() knows no more than 1,024 files.
            asyncore_use_poll=True,
            max_request_body_size=BODY_BYTES,
            max_request_header_size=HEAD_BYTES,
            clear_untrusted_proxy_headers=True,
        )
        super().__init__(
            application,
            _sock=listener,
            bind_socket=False,
            dispatcher=_Dispatcher(threads),
            adj=settings,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        )

    def maintenance(self, now: float) -> None:
        """Each second: connections without any activity, and requests that drip in."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            channel.end_what_is_late(self._request_seconds)
