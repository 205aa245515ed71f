"""The app factory: pages, headers and the health route over one door."""

from __future__ import annotations

from dash import Dash

from dashboard import compression, security
from dashboard.data import sessions
from dashboard.data.door import Door
from dashboard.data.probe import Probe
from dashboard.pages import PAGES, shell
from dashboard.settings import ALIVE, HEALTH, LOOPBACK_NAMES

# The flake on its tape; also drawn by the stylesheet for the header's mark.
_FAVICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='7' fill='%230b6e8f'/%3E"
    "%3Cg stroke='%23fff' stroke-width='2.4' stroke-linecap='round'%3E"
    "%3Cpath d='M9 11v13M16 6v18M23 14v10'/%3E%3C/g%3E"
    "%3Cg fill='%23fff'%3E%3Crect x='6.5' y='14' width='5' height='7' rx='1'/%3E"
    "%3Crect x='13.5' y='9' width='5' height='9' rx='1'/%3E"
    "%3Crect x='20.5' y='16' width='5' height='5' rx='1'/%3E%3C/g%3E%3C/svg%3E"
)
# scheme.js runs before the first paint, so a dark page doesn't flash white.
_INDEX = f"""<!DOCTYPE html>
<html lang="en">
  <head>
    {{%metas%}}
    <title>{{%title%}}</title>
    <link rel="icon" type="image/svg+xml" href="{_FAVICON}">
    <script src="/assets/scheme.js"></script>
    {{%css%}}
  </head>
  <body>
    <noscript>This page needs JavaScript.</noscript>
    {{%app_entry%}}
    <footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
  </body>
</html>
"""


def create_app(door: Door, hosts: frozenset[str] = LOOPBACK_NAMES) -> Dash:
    """A Dash app over the door, for requests to one of `hosts`.

    `app.server` is the WSGI application; nothing is asked of the warehouse yet.
    """
    app = Dash(
        __name__,
        title="Snowtape",
        update_title="",
        index_string=_INDEX,
        assets_ignore=r"scheme\.js",
        suppress_callback_exceptions=True,  # a page's components exist only while it is shown
        serve_locally=True,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "description", "content": "Daily stock and option market data, kept right."},
            {"name": "color-scheme", "content": "light dark"},
        ],
    )
    sessions.follow(door)
    app.layout = shell.layout
    shell.register(app, door, PAGES)

    probe = Probe(door)

    # For containers, which ask every few seconds: a question to the warehouse each time would never let it suspend.
    @app.server.get(ALIVE)
    def alive() -> tuple[str, int]:
        return "ok\n", 200

    @app.server.get(HEALTH)
    def health() -> tuple[str, int]:
        why = probe.trouble()
        return ("ok\n", 200) if why is None else (f"{why}\n", 503)

    compression.compress(app.server)
    security.protect(app.server, app.csp_hashes(), hosts)
    return app
