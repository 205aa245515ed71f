"""JSON responses with a request_id, in the API's shape."""

from __future__ import annotations

import secrets
from typing import Any

import orjson
from starlette.responses import Response

from local.market.errors import ApiError


def answer(body: dict[str, Any] | list[Any], status_code: int = 200, *, has_request_id: bool = True) -> Response:
    """The body as JSON; an object gets a request_id, a bare array stays one."""
    if isinstance(body, dict) and has_request_id:
        body = {**body, "request_id": secrets.token_hex(16)}
    return Response(orjson.dumps(body), status_code, media_type="application/json")


def refusal(error: ApiError) -> Response:
    return answer(error.body, error.status_code)
