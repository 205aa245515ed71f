"""Who is answered, and the headers of the answers: only this origin's scripts, styles, images and requests; no framing.

A web page can have its own name resolved to this server's address (DNS rebinding), so a request must name one of ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response, request

from dashboard.settings import ALIVE, HEALTH, HOSTS


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """The policy; `script_hashes` are those of Dash's own inline starter."""
    scripts = " ".join(["'self'", *(f"'{value}'" if not value.startswith("'") else value for value in script_hashes)])
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",  # plotly, Mantine and ag-grid write style elements
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def protect(server: Flask, script_hashes: Sequence[str], hosts: frozenset[str]) -> None:
    """Put the headers on every response, and refuse requests whose Host is none of `hosts`."""
    headers = {
        "Content-Security-Policy": content_security_policy(script_hashes),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }

    @server.before_request
    def check_host() -> Response | None:
        host = request.headers.get("Host", "")
        # A load balancer asks for the health of an address, not of a name.
        if name_of(host) in hosts or request.path in (ALIVE, HEALTH):
            return None
        sentence = (
            f"Host is {host[:100] or 'missing'}; expected {', '.join(sorted(hosts))}. "
            f"Add the name to {HOSTS} if people come to the dashboard under it.\n"
        )
        return Response(sentence, 421, content_type="text/plain; charset=utf-8")

    @server.before_request
    def check_form() -> Response | None:
        """A page of another site can send a form, and no JSON, without asking first."""
        if request.method != "POST" or request.is_json:
            return None
        return Response("The body is not JSON. Nothing was done.", 415, content_type="text/plain; charset=utf-8")

    @server.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response


def name_of(host: str) -> str:
    """The name in a Host header, in lower case and without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()
