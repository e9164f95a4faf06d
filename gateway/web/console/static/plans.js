// The calendar of the plan: FullCalendar over /console/plans/events. What is dragged is sent at once and can be taken
// back; a follow-up that has the focus moves by Shift and an arrow. Without it there is the list of today.
"use strict";

const box = document.getElementById("calendar");
const fetchScript = (address) => new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = address;
  script.onload = resolve;
  script.onerror = reject;
  document.head.append(script);
});
const iso = (day) => `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")}`;
const tell = (words, undo) => {
  const flash = document.getElementById("flash");
  const note = document.createElement("div");
  note.className = `alert flash ${undo ? "alert-success" : "alert-danger"}`;
  note.append(Object.assign(document.createElement("span"), { textContent: words }));
  if (undo) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: box.dataset.undo });
    button.addEventListener("click", undo);
    note.append(button);
  }
  flash.replaceChildren(note);
};
const send = async (event, day) => {
  const body = new URLSearchParams({ planned_for: day });
  const answer = await fetch(`/console/plans/${event.id}/drag`, {
    method: "POST", body, headers: { "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content },
  }).catch(() => null);
  if (answer?.status === 401) location.reload();
  if (answer?.ok) return (await answer.json()).said;
  const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
  const why = page?.querySelector(".trouble p:not(.empty-subtitle)")?.textContent ?? page?.querySelector(".trouble h1")?.textContent ?? "";
  throw new Error(`${box.dataset.failed} ${why}`.trim());
};
const moved = async (event, from, revert) => {
  try {
    const said = await send(event, iso(event.start));
    tell(said, async () => {
      try {
        const back = await send(event, from);
        event.setStart(from, { maintainDuration: true });
        tell(back);
        document.getElementById("flash").firstChild?.classList.replace("alert-danger", "alert-success");
      } catch (error) { tell(error.message); }
    });
  } catch (error) {
    revert();
    tell(error.message);
  }
};
const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
const keys = (calendar) => (press) => {
  const by = press.shiftKey && steps[press.key];
  const link = press.target.closest?.("[data-plan]");
  const event = by && link && calendar.getEventById(link.dataset.plan);
  if (!event?.startEditable) return;
  press.preventDefault();
  const from = iso(event.start);
  event.moveDates({ days: by });
  if (iso(event.start) < box.dataset.today) {
    event.setStart(from, { maintainDuration: true });
    return;
  }
  moved(event, from, () => event.setStart(from, { maintainDuration: true }));
  requestAnimationFrame(() => box.querySelector(`[data-plan="${CSS.escape(event.id)}"]`)?.focus());
};
const options = (narrow) => ({
  locale: document.documentElement.lang.startsWith("zh") ? "zh-cn" : "en",
  firstDay: 1,
  initialDate: box.dataset.today,
  now: box.dataset.today,
  initialView: narrow ? "listMonth" : "dayGridMonth",
  headerToolbar: narrow
    ? { left: "title", right: "prev,today,next" }
    : { left: "prev,today,next title", right: "dayGridWeek,dayGridMonth,quarter,listMonth" },
  views: {
    quarter: { type: "multiMonth", duration: { months: 3 }, multiMonthMaxColumns: 3, buttonText: box.dataset.quarter },
    dayGridWeek: { buttonText: box.dataset.week },
    dayGridMonth: { buttonText: box.dataset.month, dayMaxEvents: 5 },
    listMonth: { buttonText: box.dataset.list },
  },
  // Its own arrows are pictures without words.
  buttonIcons: false,
  buttonText: { prev: "‹", next: "›" },
  buttonHints: { prev: box.dataset.prev, next: box.dataset.next, today: box.dataset.thisDay },
  height: "auto",
  showNonCurrentDates: false,
  fixedWeekCount: false,
  eventInteractive: true,
  noEventsContent: box.dataset.none,
  events: { url: box.dataset.events, failure: () => tell(box.dataset.failed) },
  eventAllow: (span) => iso(span.start) >= box.dataset.today,
  dateClick: (click) => {
    if (box.dataset.new && click.dateStr >= box.dataset.today) location.assign(`${box.dataset.new}?day=${click.dateStr}`);
  },
  eventDrop: (drop) => moved(drop.event, iso(drop.oldEvent.start), drop.revert),
  // A day's name is its number, and what stands in it is no part of that.
  dayCellDidMount: ({ el }) => el.removeAttribute("aria-labelledby"),
  eventDidMount: ({ el, event }) => {
    const link = el.matches("a") ? el : el.querySelector("a") ?? el;
    link.dataset.plan = event.id;
    link.setAttribute("aria-label", event.extendedProps.words);
    el.title = event.extendedProps.words;
  },
});
const open = async () => {
  await fetchScript(box.dataset.script);
  await fetchScript(box.dataset.localeScript);
  const calendar = new FullCalendar.Calendar(box, options(window.innerWidth < 768));
  calendar.render();
  box.addEventListener("keydown", keys(calendar));
  box.dataset.ready = "yes";
};
if (box) open();
