"""What every response carries: a request id to find it in the log, and what browsers are to forbid."""

import re
import secrets

from flask import Flask, Response, g, request

_GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECURITY = {
    # data: only for the small images inside the style sheet of the OpenAPI page.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def register_headers(app: Flask) -> None:
    """Name each request, and finish each response."""
    app.before_request(_name_request)
    app.after_request(_finish)


def _name_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)


def _finish(response: Response) -> Response:
    response.headers.update(_SECURITY)
    response.headers["X-Request-ID"] = g.request_id
    if not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response
