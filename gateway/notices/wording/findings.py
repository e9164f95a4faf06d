"""What a check of the templates has to say: a file, a line, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """An error keeps the process from starting; a warning is for whoever writes the text."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about one template; `line` counts from 1 in the file."""

    path: Path
    line: int
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        advice = "warning: " if self.severity is Severity.WARNING else ""
        return f"{self.path.parent.name}/{self.path.name}:{self.line}: {advice}{self.message}"
