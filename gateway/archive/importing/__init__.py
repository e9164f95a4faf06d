"""Importing: files of rows into tables, chunk by chunk, so that a second time changes nothing.

An `ImportKind` knows the columns of one kind of file, reads a row into a record (pure) and merges a chunk of
records in one transaction. The `ImportRunner` streams the file, reports what was refused and keeps count:

    rows = created + updated + unchanged + rejected

A row is `updated` when anything it says was not so before, `rejected` when nothing of it went in. Refused
cells of rows that went in, and conflicts with corrections, are listed beside the rejected rows but are not
counted as rows; `conflicts` is their number.
"""

from __future__ import annotations

from gateway.archive.importing.accounts import ACCOUNTS, AccountsKind
from gateway.archive.importing.contacts import CONTACTS, ContactsKind
from gateway.archive.importing.flat import FLAT, FlatKind
from gateway.archive.importing.kinds import ImportKind, Outcome, Parsed, Refusal, Run
from gateway.archive.importing.number_checks import NUMBER_CHECKS
from gateway.archive.importing.reading import Reader, RowRefused
from gateway.archive.importing.runner import ImportRunner, submit
from gateway.archive.importing.topology import TOPOLOGY, TopologyKind

__all__ = [
    "ACCOUNTS",
    "CONTACTS",
    "FLAT",
    "NUMBER_CHECKS",
    "TOPOLOGY",
    "AccountsKind",
    "ContactsKind",
    "FlatKind",
    "ImportKind",
    "ImportRunner",
    "Outcome",
    "Parsed",
    "Reader",
    "Refusal",
    "RowRefused",
    "Run",
    "TopologyKind",
    "submit",
]
