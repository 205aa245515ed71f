"""The API's refusals, with the bodies on record.

ApiError carries a status and a JSON body; the application turns it into the response.
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer other than 200; the body gets its request_id when it is sent."""

    def __init__(self, status_code: int, body: dict[str, Any]) -> None:
        super().__init__(body.get("error") or body.get("message"))
        self.status_code = status_code
        self.body = body


def bad_request(error: str) -> ApiError:
    return ApiError(400, {"status": "ERROR", "error": error})


def unknown_key() -> ApiError:
    return ApiError(401, {"status": "ERROR", "error": "Unknown API Key"})


def missing_key() -> ApiError:
    return ApiError(401, {"status": "ERROR", "error": "API Key was not provided"})


def no_control() -> ApiError:
    error = (
        "The server's own addresses expect Authorization: Bearer and its control token, which SNOWTAPE_MARKET_TOKEN "
        "sets at its start. Nothing was done."
    )
    return ApiError(403, {"status": "ERROR", "error": error})


def not_entitled() -> ApiError:
    message = "You are not entitled to this data. Please upgrade your plan at https://massive.com/pricing"
    return ApiError(403, {"status": "NOT_AUTHORIZED", "message": message})


def not_published_yet() -> ApiError:
    message = (
        "Attempted to request today's data before end of day. Please upgrade your plan at https://massive.com/pricing"
    )
    return ApiError(403, {"status": "NOT_AUTHORIZED", "message": message})


def before_history() -> ApiError:
    message = "Your plan doesn't include this data timeframe. Please upgrade your plan at https://massive.com/pricing"
    return ApiError(403, {"status": "NOT_AUTHORIZED", "message": message})


def not_found(what: str) -> ApiError:
    return ApiError(404, {"status": "NOT_FOUND", "message": f"{what} not found."})


def too_many_requests() -> ApiError:
    error = (
        "You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue. "
        "https://massive.com/pricing"
    )
    return ApiError(429, {"status": "ERROR", "error": error})


def stopping() -> ApiError:
    return ApiError(503, {"status": "ERROR", "error": "The server is being stopped"})
