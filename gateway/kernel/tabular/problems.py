"""What is wrong with a file as a whole."""

from __future__ import annotations

from enum import StrEnum

from gateway.kernel.errors import FieldError, InvalidInput


class Problem(StrEnum):
    """Why a file cannot be read at all; the words are stable."""

    EMPTY = "empty_file"
    ENCODING = "wrong_encoding"
    NOT_A_TABLE = "not_a_table"
    DAMAGED = "damaged_file"
    MISSING_COLUMN = "missing_column"
    DOUBLED_COLUMN = "doubled_column"
    FORMULAS = "formulas_without_values"


class BadTable(InvalidInput):
    """The file cannot be read; the message says what was found and what was expected."""

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message, errors=[FieldError("file", message, problem.value)])
        self.problem = problem
