"""What browsers are told about every answer: run only our own files, show us in no frame, keep nothing personal."""

from quart import Quart, Response, request

from core.settings import Settings

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob:",  # a pasted picture before it is sent
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def register(app: Quart, settings: Settings) -> None:
    """Set the headers of every answer; a view that set one itself keeps its own."""

    @app.after_request
    async def protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "no-referrer")  # one-time links carry tokens
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")
        if settings.secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
