"""Files of rows as offices send them, CSV or XLSX, read as a stream.

    table = open_table(path, filename, headings)      raises BadTable or TooLarge for the file as a whole
    for row in table:                                 Row, or Reject for what cannot be read

A row's `values` are in the order of `headings.names`, stripped, and blank where the file has no such column.
Headings are found below titles, in any order, in Chinese or English. Blank rows, repeated headings and totals
are passed over and counted. Nothing here knows what the columns mean.
"""

from __future__ import annotations

from gateway.kernel.tabular.headings import Column, Headings
from gateway.kernel.tabular.problems import BadTable, Problem
from gateway.kernel.tabular.rows import Reject, Row, Skipped
from gateway.kernel.tabular.table import Limits, Table, open_table

__all__ = [
    "BadTable",
    "Column",
    "Headings",
    "Limits",
    "Problem",
    "Reject",
    "Row",
    "Skipped",
    "Table",
    "open_table",
]
