"""Twilio's errors as its API gives them: an HTTP status, a code, a sentence."""

STATUSES = {20003: 401, 20005: 403, 14107: 429, 20429: 429, 63038: 429}
"""Codes that do not come with a 400."""


class ApiError(Exception):
    """A refusal."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }


def invalid(code: int, message: str) -> ApiError:
    """What is wrong with the request: mostly 400."""
    return ApiError(STATUSES.get(code, 400), code, message)
