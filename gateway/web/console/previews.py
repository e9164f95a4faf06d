"""What a notice would do if it were approved now, as a page to look at before it is."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from gateway.kernel.errors import NotFound
from gateway.notices import KeptPreview, reading
from gateway.staff import members
from gateway.web.console.pages import Page, View

#: Seconds that whoever asks for a preview is kept waiting, before the page shows how far it is.
_PATIENCE: Final = 2.0


async def preview(view: View) -> web.StreamResponse:
    """The last preview of a notice, or that there is none yet."""
    found = await reading.notice(view.session, view.id("notice"))
    return view.render(
        "notices/preview.html", one=found, seen=await _last(view), names=await members.names(view.session)
    )


async def _last(view: View) -> KeptPreview | None:
    try:
        return await view.services.previews.last(view.id("notice"))
    except NotFound:
        return None


async def ask(view: View) -> web.StreamResponse:
    """Have a preview made."""
    notice_id = view.id("notice")
    await reading.known(view.session, notice_id)
    await view.services.previews.ask(notice_id, _PATIENCE)
    return view.go(f"/notices/{notice_id}/preview")


async def progress(view: View) -> web.StreamResponse:
    """How far a preview is; the page is loaded anew once it has ended."""
    seen = await _last(view)
    response = view.render("notices/preview_progress.html", seen=seen, notice_id=view.id("notice"))
    if seen is None or seen.state != "running":
        response.headers["HX-Refresh"] = "true"
    return response


async def hours(view: View) -> web.StreamResponse:
    """Texts by the hour at which they would leave, for the plot."""
    seen = await view.services.previews.last(view.id("notice"))
    by_hour = sorted(seen.found.by_hour.items())
    zone: ZoneInfo = view.zone
    return view.json(
        {
            "grid": {"left": 48, "right": 12, "top": 16, "bottom": 28},
            "tooltip": {"trigger": "axis"},
            "xAxis": {"type": "category", "data": [f"{at.astimezone(zone):%m-%d %H:%M}" for at, _ in by_hour]},
            "yAxis": {"type": "value", "minInterval": 1},
            "series": [
                {
                    "type": "bar",
                    "name": view.t("notices.texts"),
                    "data": [number for _, number in by_hour],
                    "barMaxWidth": 36,
                }
            ],
        }
    )


PAGES: Final = (
    Page(
        method="GET", path="/notices/{id}/preview", handler=preview, scope="notices:read", title="notices.preview",
        whole=True, under="/notices",
    ),
    Page(
        method="POST", path="/notices/{id}/preview", handler=ask, scope="notices:read", title="notices.preview",
        whole=True, under="/notices", again=preview,
    ),
    Page(
        method="GET", path="/notices/{id}/preview/progress", handler=progress, scope="notices:read", whole=True,
        part=True,
    ),
    Page(
        method="GET", path="/notices/{id}/preview/hours", handler=hours, scope="notices:read", whole=True, part=True,
    ),
)  # fmt: skip
