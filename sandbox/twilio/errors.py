"""Twilio's errors as its API gives them: an HTTP status, a code, a sentence."""


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
    """What is wrong with the request: 400."""
    return ApiError(400, code, message)
