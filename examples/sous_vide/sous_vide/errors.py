"""What can go wrong, as callers of the service see it."""

STATUS = {
    "INVALID_REQUEST": 400,
    "INVALID_TEMPERATURE": 400,
    "TEMPERATURE_TOO_LOW": 400,
    "TEMPERATURE_TOO_HIGH": 400,
    "INVALID_TIME": 400,
    "INVALID_FOOD": 400,
    "UNAUTHORIZED": 401,
    "DEVICE_BUSY": 409,
    "NO_ACTIVE_COOK": 409,
    "VENDOR_LOGIN_FAILED": 502,
    "VENDOR_UNAVAILABLE": 502,
    "DEVICE_OFFLINE": 503,
    "VENDOR_TIMEOUT": 504,
}


class ServiceError(Exception):
    """A code that programs can rely on, and a sentence for people, which may change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = STATUS[code]
