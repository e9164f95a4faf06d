"""Telegram's Bot API as far as the gateway uses it, spoken over HTTP by the sandbox and by tests.

It checks methods and parameters strictly (`spec.py`), keeps every chat as its person sees it, records the calls,
and reports what people do by webhook or `getUpdates`, as Telegram does.
"""

from __future__ import annotations

from gateway.sandbox.telegram.emulator import Call, Emulator, Shown

__all__ = ["Call", "Emulator", "Shown"]
