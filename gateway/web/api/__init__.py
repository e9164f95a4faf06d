"""The HTTP interface under `/api/v1`: one file a resource, its routes as data."""

from __future__ import annotations

from typing import Final

from gateway.web.api import (
    archive,
    cases,
    changes,
    commitments,
    consents,
    corrections,
    doubts,
    evaluations,
    exports,
    followups,
    imports,
    inbound,
    ladder,
    measures,
    messages,
    notices,
    outage_feed,
    outages,
    policy,
    previews,
    repeats,
    sandbox,
    segments,
    surveying,
    tasks,
    templates,
    trust,
    warnings,
)
from gateway.web.routing import Route

#: Every operation, in the order in which the document lists them.
ROUTES: Final[tuple[Route, ...]] = (
    *imports.ROUTES,
    *notices.ROUTES,
    *previews.ROUTES,
    *policy.ROUTES,
    *outages.ROUTES,
    *outage_feed.ROUTES,
    *ladder.ROUTES,
    *messages.ROUTES,
    *doubts.ROUTES,
    *templates.ROUTES,
    *inbound.ROUTES,
    *surveying.ROUTES,
    *evaluations.ROUTES,
    *followups.ROUTES,
    *archive.ROUTES,
    *consents.ROUTES,
    *segments.ROUTES,
    *trust.ROUTES,
    *measures.ROUTES,
    *corrections.ROUTES,
    *changes.ROUTES,
    *repeats.ROUTES,
    *exports.ROUTES,
    *cases.ROUTES,
    *commitments.ROUTES,
    *warnings.ROUTES,
    *tasks.ROUTES,
    *sandbox.ROUTES,
)
