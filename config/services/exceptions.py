"""What can go wrong with an embedded service.

ServiceError
├── ServerNotFoundError  no usable server program on this machine
└── StartError           the program is there, but did not come up
"""


class ServiceError(Exception):
    """An embedded service cannot be used; the message says what to do."""


class ServerNotFoundError(ServiceError):
    """No usable server program was found."""


class StartError(ServiceError):
    """A server program was started and did not become ready."""
