"""The logger ``componentstream``, for failures that no caller can receive."""


def log_failure(message: str, failure: BaseException) -> None:
    """Log an exception that no caller can receive."""
    import logging  # noqa: PLC0415 - as slow to load as all the rest of the core

    logging.getLogger("componentstream").error(message, exc_info=failure)


def log_warning(message: str) -> None:
    """Log a condition that an operator should look into."""
    import logging  # noqa: PLC0415 - as slow to load as all the rest of the core

    logging.getLogger("componentstream").warning(message)
