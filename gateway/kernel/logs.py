"""Structured logs that mask personal data.

One JSON object a line where standard error is not a terminal, coloured lines where it is. Whatever is logged
passes through `mask_personal`: telephone numbers lose their middle, and names and texts are never fields.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_NUMBER = re.compile(r"(?<!\d)(\+?\d{0,3}1[3-9]\d|\+\d{3,5})(\d{4,6})(\d{4})(?!\d)")
_PRIVATE_FIELDS = frozenset({"name", "holder_name", "body", "text", "address", "contact_name", "content"})


def mask_numbers(text: str) -> str:
    """`text` with the middle of every telephone number starred: `+86138****4443`."""
    return _NUMBER.sub(lambda found: f"{found[1]}{'*' * len(found[2])}{found[3]}", text)


def mask_personal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: stars numbers in every string and drops fields that hold names or texts."""
    for key, value in event.items():
        if key in _PRIVATE_FIELDS:
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = mask_numbers(value)
    return event


def configure(level: str, *, terminal: bool | None = None) -> None:
    """Set the process's logging up; called once, by the command line."""
    on_terminal = sys.stderr.isatty() if terminal is None else terminal
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[Any] = (
        # A traceback with the values of its frames would print names and numbers, and take seconds to format.
        [mask_personal, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if on_terminal
        else [
            structlog.processors.format_exc_info,
            mask_personal,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one module."""
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(room=name)
    return bound
