"""What a redirect of the API means. On the same origin it is followed; to any other the key is never sent."""

from __future__ import annotations

from urllib.parse import parse_qsl, urljoin, urlsplit

from ingest.errors import MalformedResponse, MovedAway

STATUSES = frozenset({301, 302, 303, 307, 308})
MOST_HOPS = 5
PORTS = {"http": 80, "https": 443}


def following(base_url: str, path: str, status: int, location: str) -> tuple[str, dict[str, str]]:
    """Path, relative to the base URL, and parameters of the address that a redirect names.

    Args:
        path: what was asked for, relative to the base URL.
        location: the `Location` header, absolute or relative.

    Raises:
        MovedAway: it is on another host, port or scheme.
        MalformedResponse: there is no usable address.
    """
    try:
        target = urlsplit(urljoin(base_url + path, location)) if location else None
        is_usable = target is not None and bool(target.hostname) and target.scheme in PORTS and _port(target) > 0
    except ValueError:
        is_usable, target = False, None
    if not is_usable or target is None:
        raise MalformedResponse(f"{path}: the API answered {status} without a redirect address")
    base = urlsplit(base_url)
    if (target.scheme, target.hostname, _port(target)) != (base.scheme, base.hostname, _port(base)):
        # Of the address only this much is shown: a query may hold a key.
        prefix = target.path.removesuffix(path) if target.path.endswith(path) else ""
        host = f"[{target.hostname}]" if ":" in str(target.hostname) else target.hostname
        port = f":{target.port}" if target.port else ""
        moved = f"{target.scheme}://{host}{port}{prefix}".rstrip("/")
        raise MovedAway(
            f"POLYGON_BASE_URL is {base_url}, which answers {path} with {status} and redirects to {moved}. "
            f"If that is the vendor's new address, set POLYGON_BASE_URL={moved} and run again. "
            "The key was not sent there."
        )
    if base.path and not target.path.startswith(f"{base.path}/"):
        raise MalformedResponse(f"{path}: the API answered {status} with a redirect outside POLYGON_BASE_URL")
    pairs = parse_qsl(target.query, keep_blank_values=True)
    return target.path.removeprefix(base.path), {name: value for name, value in pairs if name.lower() != "apikey"}


def _port(parts: object) -> int:
    return getattr(parts, "port", None) or PORTS[getattr(parts, "scheme", "")]
