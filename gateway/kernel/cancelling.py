"""Cancellation that a driver's error hides."""

from __future__ import annotations

import asyncio


def unless_cancelled() -> None:
    """Raise CancelledError where this task was cancelled and an error of the driver's has hidden it.

    A statement that is cancelled half-way, or a pool that is just connecting, can end in an error of the
    connection instead; a loop that takes that for bad luck and goes on would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
