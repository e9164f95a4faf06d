"""Notices: what we decide to tell, to whom, when and in which words."""

from __future__ import annotations

from gateway.notices.accepting import Acceptor, Asked, Taken
from gateway.notices.announcing import Announcements
from gateway.notices.audience import Audience, Finder
from gateway.notices.catching_up import catch_up
from gateway.notices.check_rounds import CheckRounds
from gateway.notices.composing import Composer
from gateway.notices.contact_checks import ContactChecks
from gateway.notices.control import COMPOSE, Draft, Notices
from gateway.notices.demand import DemandResponse
from gateway.notices.dunning import Arrears, Bills
from gateway.notices.holds import lift_of_case, pause, release_due
from gateway.notices.kinds import Moment, NoticeKind, PlainKind, Row, Saying
from gateway.notices.knowing import amounts
from gateway.notices.policies import PolicyBook
from gateway.notices.policy import PolicyTable
from gateway.notices.previewing import Preview, Previewer
from gateway.notices.previews import KeptPreview, Previews
from gateway.notices.recomposing import Recomposer
from gateway.notices.running import NoticeRunner
from gateway.notices.succeeding import Successors
from gateway.notices.wording import Template, Wording, templates_directory

__all__ = [
    "COMPOSE",
    "Acceptor",
    "Announcements",
    "Arrears",
    "Asked",
    "Audience",
    "Bills",
    "CheckRounds",
    "Composer",
    "ContactChecks",
    "DemandResponse",
    "Draft",
    "Finder",
    "KeptPreview",
    "Moment",
    "NoticeKind",
    "NoticeRunner",
    "Notices",
    "PlainKind",
    "PolicyBook",
    "PolicyTable",
    "Preview",
    "Previewer",
    "Previews",
    "Recomposer",
    "Row",
    "Saying",
    "Successors",
    "Taken",
    "Template",
    "Wording",
    "amounts",
    "catch_up",
    "lift_of_case",
    "pause",
    "release_due",
    "templates_directory",
]
