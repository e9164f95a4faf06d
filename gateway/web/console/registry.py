"""All pages of the console: each module's, in one list. The router, the menu and the tests are made from it."""

from __future__ import annotations

from typing import Final

from gateway.web.console import (
    archive,
    audit,
    cases,
    commitments,
    conversations,
    corrections,
    door,
    drafting,
    evaluations,
    imports,
    notices,
    outages,
    overview,
    people,
    plans,
    previews,
    rules,
    showing,
    texts,
    triage,
    warnings,
)
from gateway.web.console.pages import Page

PAGES: Final[tuple[Page, ...]] = (
    *door.PAGES,
    *showing.PAGES,
    *overview.PAGES,
    *archive.PAGES,
    *corrections.PAGES,
    *triage.PAGES,
    *people.PAGES,
    *audit.PAGES,
    *imports.PAGES,
    *drafting.PAGES,
    *notices.PAGES,
    *previews.PAGES,
    *outages.PAGES,
    *conversations.PAGES,
    *texts.PAGES,
    *rules.PAGES,
    *evaluations.PAGES,
    *cases.PAGES,
    *commitments.PAGES,
    *warnings.PAGES,
    *plans.PAGES,
)
