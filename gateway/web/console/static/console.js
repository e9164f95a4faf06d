// What the pages' attributes ask for. Everything works without it but what says so: plots, filters, confirmation.
"use strict";

const token = () => document.querySelector('meta[name="csrf-token"]').content;

// htmx carries the token against forged requests; a lost connection says so, and nothing that was typed is gone.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = token();
});
const failed = (shown) => {
  const alert = document.getElementById("failed");
  if (alert) alert.hidden = !shown;
};
document.addEventListener("htmx:sendError", () => failed(true));
document.addEventListener("htmx:responseError", () => failed(true));
document.addEventListener("htmx:afterOnLoad", () => failed(false));

// A form, or the button that sends it, with data-confirm is sent once somebody has said yes; not for a button with
// data-plain, which changes nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const words = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!words || event.submitter?.hasAttribute("data-plain") || form.dataset.confirmed) {
    delete form.dataset.confirmed;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = document.getElementById("confirm");
  const by = event.submitter;
  document.getElementById("confirm-words").textContent = words;
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(by);
  }, { once: true });
  dialog.showModal();
}, true);

// A form is sent once, however often its button is pressed; coming back by the browser's button frees it again.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
  setTimeout(() => delete event.target.dataset.sent, 4000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// What a form sends is kept in this tab until the next page is here, without passwords and files. Where the session had
// ended, the door comes first; then it is put back into the form it was in.
const KEPT = "lamplighter-form", ENDED = "lamplighter-ended";
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.querySelector('[type="password"]')) return;
  const fields = [...new FormData(form)].filter(([name, value]) => name !== "csrf" && typeof value === "string");
  sessionStorage.setItem(KEPT, JSON.stringify({ action: form.getAttribute("action"), fields }));
});
const putBack = (form, fields) => {
  for (const one of form.elements) {
    if (!one.name || one.name === "csrf" || one.type === "file") continue;
    const at = fields.findIndex(([name, value]) => name === one.name && (!["checkbox", "radio"].includes(one.type) || value === one.value));
    if (["checkbox", "radio"].includes(one.type)) one.checked = at >= 0;
    else if (one.multiple) for (const option of one.options) option.selected = fields.some(([name, value]) => name === one.name && value === option.value);
    else if (at >= 0) one.value = fields.splice(at, 1)[0][1];
  }
  for (const folded of form.querySelectorAll("details")) folded.open = true;
  form.closest("details")?.setAttribute("open", "");
  form.prepend(Object.assign(document.createElement("div"), { className: "alert alert-warning", textContent: document.body.dataset.kept }));
  form.scrollIntoView({ block: "center" });
};
document.addEventListener("DOMContentLoaded", () => {
  const door = document.querySelector("[data-ended]");
  if (door?.dataset.ended === "form") sessionStorage.setItem(ENDED, "yes");
  if (!document.body.dataset.kept) return;
  const kept = sessionStorage.getItem(KEPT), ended = sessionStorage.getItem(ENDED);
  sessionStorage.removeItem(KEPT);
  sessionStorage.removeItem(ENDED);
  if (!kept || !ended) return;
  const { action, fields } = JSON.parse(kept);
  const form = [...document.forms].find((one) => one.method === "post" && one.getAttribute("action") === action);
  if (form) putBack(form, fields);
});

// Tables: rows that hold what is typed; order by a column.
document.addEventListener("input", (event) => {
  const box = event.target.closest?.("[data-filters]");
  if (!box) return;
  const words = box.value.trim().toLocaleLowerCase();
  for (const row of document.querySelectorAll(`#${CSS.escape(box.dataset.filters)} tbody tr`)) {
    row.hidden = words !== "" && !row.textContent.toLocaleLowerCase().includes(words);
  }
});
const valueOf = (row, at, sort) => {
  const cell = row.cells[at];
  const given = cell.dataset.value ?? cell.querySelector("time")?.dateTime ?? cell.textContent.trim();
  return sort === "number" ? Number.parseFloat(given.replaceAll(",", "")) || 0 : given;
};
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-sort]");
  if (!button) return;
  const heading = button.closest("th");
  const body = heading.closest("table").tBodies[0];
  const falling = heading.getAttribute("aria-sort") === "ascending";
  for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
  button.classList.toggle("desc", falling);
  button.classList.toggle("asc", !falling);
  const { sort } = button.dataset;
  const compare = (one, other) => sort === "number" ? one - other : one.localeCompare(other, document.documentElement.lang);
  const rows = [...body.rows].sort((one, other) => compare(valueOf(one, heading.cellIndex, sort), valueOf(other, heading.cellIndex, sort)));
  if (falling) rows.reverse();
  body.append(...rows);
});

// Refused rows: a cell that a comma parted is joined with the next, and those behind it move up.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-join]");
  if (!button) return;
  const cells = [...button.closest(".reject").querySelectorAll(".cell input")];
  const at = cells.indexOf(button.closest(".cell").querySelector("input"));
  if (at + 1 >= cells.length) return;
  cells[at].value = [cells[at].value, cells[at + 1].value].filter(Boolean).join(",");
  for (let next = at + 1; next < cells.length; next += 1) cells[next].value = cells[next + 1]?.value ?? "";
  cells[at].focus();
});

// Account numbers out of a file, into the box that lists them: UTF-8, or GB18030 where it is not.
document.addEventListener("change", async (event) => {
  const chosen = event.target;
  if (!chosen.dataset?.accounts) return;
  chosen.setCustomValidity("");
  if (!chosen.files[0]) return;
  const bytes = await chosen.files[0].arrayBuffer();
  let text;
  try { text = new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { text = new TextDecoder("gb18030").decode(bytes); }
  const rows = text.split(/\r?\n|\r/).map((row) => row.split(/[,;\t]/).map((cell) => cell.replace(/^[\s"'=]+|[\s"']+$/g, "")));
  const head = (cell) => /^(户号|用户编号|用电户号|用户户号|account_no)$/i.test(cell);
  const at = Math.max(rows[0].findIndex(head), 0);
  const numbers = rows.map((cells) => cells[at] ?? "").filter((cell) => /^[0-9A-Z]{6,20}$/.test(cell));
  const box = document.getElementById(chosen.dataset.accounts);
  if (numbers.length) box.value = [box.value.trim(), ...new Set(numbers)].filter(Boolean).join("\n");
  for (const one of chosen.form.querySelectorAll('input[name="whom"][value="accounts"]')) one.checked ||= numbers.length > 0;
  chosen.setCustomValidity(numbers.length ? "" : chosen.dataset.none);
  chosen.reportValidity();
  box.focus();
});

// The menu shows where one is, however long it is.
document.addEventListener("DOMContentLoaded", () => {
  if (innerWidth >= 992) document.querySelector(".navbar-vertical .nav-item.active")?.scrollIntoView({ block: "nearest" });
});

// Paper.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
});

// Fields that send their form when they are changed.
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-submits]")) event.target.form.requestSubmit();
});

// Plots: ECharts is fetched where a page has one, and draws on a canvas in the page's own colours.
const load = (address) => new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = address;
  script.onload = resolve;
  script.onerror = reject;
  document.head.append(script);
});
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const look = () => ({
  backgroundColor: "transparent",
  animation: false,
  color: [colour("--plot-1"), colour("--plot-2"), colour("--plot-3"), colour("--plot-4"), colour("--plot-5")],
  textStyle: { color: colour("--ink"), fontFamily: getComputedStyle(document.body).fontFamily },
  aria: { enabled: false },
});
const axes = (given) => {
  const line = { lineStyle: { color: colour("--line") } };
  const dress = (axis) => ({ axisLine: line, splitLine: line, axisLabel: { color: colour("--soft") }, nameTextStyle: { color: colour("--soft") }, ...axis });
  const all = (axis) => Array.isArray(axis) ? axis.map(dress) : axis && dress(axis);
  return { xAxis: all(given.xAxis), yAxis: all(given.yAxis) };
};
let plots;
const draw = async (figure) => {
  if (figure.dataset.drawn) return;
  figure.dataset.drawn = "yes";
  plots ??= load(figure.dataset.echarts);
  const [answer] = await Promise.all([fetch(figure.dataset.plot, { headers: { Accept: "application/json" } }), plots]);
  if (!answer.ok) return failed(true);
  const given = await answer.json();
  if (given.nothing) {
    figure.classList.add("plot-nothing");
    figure.removeAttribute("role");
    figure.textContent = given.nothing;
    return;
  }
  const chart = echarts.init(figure, null, { renderer: "canvas" });
  chart.setOption({
    ...look(), ...given, ...axes(given),
    tooltip: { renderMode: "richText", confine: true, backgroundColor: colour("--card"), borderColor: colour("--line"), textStyle: { color: colour("--ink") }, ...given.tooltip },
    legend: given.legend && { textStyle: { color: colour("--soft") }, ...given.legend },
  });
  new ResizeObserver(() => chart.resize()).observe(figure);
};
const dress = (root) => {
  for (const figure of root.querySelectorAll("[data-plot]")) draw(figure);
};
document.addEventListener("DOMContentLoaded", () => dress(document));
document.addEventListener("htmx:load", (event) => dress(event.detail.elt));

// Keys: a page names them (data-key="j"); typing in a field is typing.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
  const wanted = event.key.toLowerCase();
  for (const one of document.querySelectorAll("[data-key]")) {
    if (one.dataset.key === wanted && one.offsetParent !== null) {
      event.preventDefault();
      one.focus();
      one.click();
      return;
    }
  }
});

// A button with data-choose answers every choice of its form alike.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-choose]");
  if (!button) return;
  for (const one of button.form.querySelectorAll(`input[type="radio"][value="${CSS.escape(button.dataset.choose)}"]`)) one.checked = true;
});

// Triage: a decision is held for some seconds, in which U takes it back, and then sent. Nothing is lost when it
// is not: the reply still waits. Leaving the page sends what is held.
const triage = document.getElementById("triage");
if (triage) {
  const held = [];
  const open = () => [...triage.querySelectorAll(".reply:not([hidden])")];
  const current = () => triage.querySelector(".reply.current:not([hidden])");
  const stand = (reply) => {
    for (const one of triage.querySelectorAll(".current")) one.classList.remove("current");
    reply?.classList.add("current");
    reply?.scrollIntoView({ block: "center" });
  };
  const move = (by) => {
    const all = open();
    stand(all[Math.min(Math.max(all.indexOf(current()) + by, 0), all.length - 1)]);
  };
  // More are fetched while there still are some, so that nobody waits; what is here already, decided or not, is left out.
  let fetching = false, done = false;
  const more = async () => {
    if (fetching || done || open().length > 5 || triage.dataset.alone) return;
    fetching = true;
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } }).catch(() => null);
    const text = answer?.ok ? await answer.text() : "";
    const page = new DOMParser().parseFromString(text, "text/html");
    const here = new Set([...triage.querySelectorAll("form")].map((form) => form.getAttribute("action")));
    const fresh = [...page.querySelectorAll("#triage .reply")].filter((reply) => {
      const action = reply.querySelector("form")?.getAttribute("action");
      return action && !here.has(action);
    });
    for (const reply of fresh) {
      reply.classList.remove("current");
      triage.append(document.adoptNode(reply));
      htmx.process(reply);
    }
    done = fresh.length === 0;
    if (!current()) stand(open()[0]);
    fetching = false;
  };
  const note = (words, undo) => {
    const flash = document.getElementById("flash");
    flash.replaceChildren();
    const box = document.createElement("div");
    box.className = undo ? "alert alert-success flash" : "alert alert-danger flash";
    box.append(Object.assign(document.createElement("span"), { textContent: words }));
    if (undo) {
      const button = Object.assign(document.createElement("button"), { className: "btn btn-sm", textContent: triage.dataset.undo });
      button.addEventListener("click", back);
      box.append(button);
    }
    flash.append(box);
  };
  const send = async (one, leaving = false) => {
    clearTimeout(one.timer);
    held.splice(held.indexOf(one), 1);
    const answer = await fetch(one.form.action, { method: "POST", body: one.body, headers: { "X-CSRF-Token": token(), "HX-Request": "true", "HX-Current-URL": location.href }, keepalive: leaving }).catch(() => null);
    if (answer?.status === 401) location.assign(answer.headers.get("HX-Redirect"));
    if (leaving || answer?.ok) {
      if (leaving) return;
      done = false;
      if (!open().length) await more();
      if (!open().length && !held.length) location.reload();
      return;
    }
    one.reply.hidden = false;
    stand(one.reply);
    note(triage.dataset.failed, false);
  };
  const back = () => {
    const one = held.pop();
    if (!one) return;
    clearTimeout(one.timer);
    one.reply.hidden = false;
    stand(one.reply);
    document.getElementById("flash").replaceChildren();
  };
  triage.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const reply = form.closest(".reply");
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const all = open();
    const next = all[all.indexOf(reply) + 1] ?? all[all.indexOf(reply) - 1];
    reply.hidden = true;
    const one = { reply, form, body };
    one.timer = setTimeout(() => send(one), Number(triage.dataset.triage) * 1000);
    held.push(one);
    stand(next);
    more();
    note(triage.dataset.held.replace("{what}", event.submitter?.textContent.trim().replace(/^\d\s*/, "") ?? ""), true);
  }, true);
  addEventListener("pagehide", () => { for (const one of [...held]) send(one, true); });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
    const key = event.key.toLowerCase();
    if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "u") back();
    else if (/^[1-9]$/.test(key)) current()?.querySelector(`[data-digit="${key}"]`)?.click();
    else return;
    event.preventDefault();
  });
}
