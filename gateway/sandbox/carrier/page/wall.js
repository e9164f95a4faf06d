"use strict";
// Everything that came over the air is written with textContent, never as markup.

const WORDS = {
  "zh-CN": {
    title: "手机墙", subtitle: "沙盒运营商收到的短信，都在这些手机上；拿起任何一部都能回复",
    handsets: "手机", taken: "收到短信", delivered: "已送达", failed: "未送达", answers: "回复",
    lively: "自动应答", language: "English",
    search: "搜索号码或短信内容", all: "全部", answered: "已回复", undelivered: "未送达", opted_out: "已退订",
    number: "任意手机号", open: "拿起手机", live: "实时", offline: "连接中断，正在重连",
    more: "更多手机", fresh: (n) => `${n} 部手机有新消息`,
    empty: "还没有短信。\n批准一个通知，短信会出现在这里。", nothing: "没有符合的手机。",
    reply: "回复…", send: "发送", close: "关闭", parts: (n) => `${n} 条`, refused: "已拒收",
    quick: ["5", "1", "已经交了", "打错了，我不是户主", "TD", "停电了，什么时候来电？"],
    queued: "排队", accepted: "排队", sent: "已发出", delivered_one: "已送达", undelivered_one: "未送达",
    failed_one: "发送失败", canceled: "已取消", receiving: "正在送往网关…", received: "网关已收下", inbound_failed: "网关没有收下",
    legend: "无人看管的手机怎样应答？",
    legend_text: "打开“自动应答”后，号码尾号决定这部手机的行为；其他号码按固定的规律，有的评分、有的说已缴费、有的说打错了、有的不作声。有人先在墙上回复了，它就不再自己回。",
    never: "从不回复", bounce: "送不到",
    chats: "聊天", phones: "手机短信", chats_text: "同一个人也可以在聊天软件里和供电公司说话：输入手机号，选一个软件，打开聊天；先发 /start，再分享号码。",
    as_sms: "短信", share: "分享我的手机号", block: "拉黑", unblock: "恢复", blocked: "已拉黑",
    platforms: { telegram: "Telegram 客户", "telegram-staff": "Telegram 员工", wecom: "企业微信" },
    chat_quick: ["/start", "/menu", "转人工"],
  },
  en: {
    title: "Wall of handsets", subtitle: "Every text the sandbox carrier took stands on one of these; pick up any of them and answer",
    handsets: "Handsets", taken: "Texts", delivered: "Delivered", failed: "Undelivered", answers: "Replies",
    lively: "Auto-answer", language: "中文",
    search: "Search numbers or texts", all: "All", answered: "Answered", undelivered: "Undelivered", opted_out: "Opted out",
    number: "Any number", open: "Pick up", live: "Live", offline: "Connection lost, trying again",
    more: "More handsets", fresh: (n) => `${n} handsets with news`,
    empty: "No texts yet.\nApprove a notice, and they will appear here.", nothing: "No handset fits.",
    reply: "Reply…", send: "Send", close: "Close", parts: (n) => `${n} parts`, refused: "refuses texts",
    quick: ["5", "1", "I have already paid", "Wrong number", "STOP", "When will the power be back?"],
    queued: "queued", accepted: "queued", sent: "sent", delivered_one: "delivered", undelivered_one: "undelivered",
    failed_one: "failed", canceled: "cancelled", receiving: "on its way to the gateway…", received: "taken by the gateway", inbound_failed: "not taken by the gateway",
    legend: "How do unattended handsets answer?",
    legend_text: "With the switch on, the last two digits of a number decide what its handset does; all others follow a fixed draw: some rate, some say they have paid, some are wrong numbers, some stay silent. Where somebody answers first from here, the handset keeps quiet.",
    never: "never answers", bounce: "bounces",
    chats: "Chats", phones: "Text messages", chats_text: "The same people may talk to the utility in a chat program: type a number, choose the program, pick up; send /start first, then share the number.",
    as_sms: "SMS", share: "Share my number", block: "Block", unblock: "Unblock", blocked: "blocked",
    platforms: { telegram: "Telegram customers", "telegram-staff": "Telegram staff", wecom: "WeCom" },
    chat_quick: ["/start", "/menu", "Talk to a person"],
  },
};

const LARGEST_WALL = 120;
const cards = new Map();
let language = localStorage.getItem("language") === "en" ? "en" : "zh-CN";
let only = "";
let waiting = new Set();
let opened = null;
let skip = 0;

const $ = (id) => document.getElementById(id);
const t = (name) => WORDS[language][name];

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function sendIcon() {
  const button = make("button", "send");
  button.type = "submit";
  button.title = t("send");
  button.setAttribute("aria-label", t("send"));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M3.4 20.4 21 12 3.4 3.6 3.4 10.1 15 12 3.4 13.9z");
  svg.append(path);
  button.append(svg);
  return button;
}

function spaced(number) {
  return number.replace(/^(\+86)(\d{3})(\d{4})(\d{4})$/, "$1 $2 $3 $4").replace(/^(\+1)(\d{3})(\d{3})(\d{4})$/, "$1 $2 $3 $4");
}

function clock(seconds) {
  const at = new Date(seconds * 1000);
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
  if (at.toDateString() !== new Date().toDateString()) Object.assign(options, { month: "numeric", day: "numeric" });
  return at.toLocaleString(language, options);
}

function statusOf(text) {
  if (text.inbound) return t(text.status === "failed" ? "inbound_failed" : text.status);
  const name = ["delivered", "undelivered", "failed"].includes(text.status) ? `${text.status}_one` : text.status;
  return (t(name) || text.status) + (text.error ? ` ${text.error}` : "");
}

function bubble(text) {
  const bad = ["undelivered", "failed", "canceled"].includes(text.status);
  const box = make("div", `text${text.inbound ? " mine" : ""}${bad ? " bad" : ""}`);
  box.append(make("p", "", text.body));
  const facts = [clock(text.created), statusOf(text)];
  if (text.segments > 1) facts.splice(1, 0, t("parts")(text.segments));
  box.append(make("small", "", facts.join(" · ")));
  return box;
}

function chipOf(card) {
  const last = card.texts.filter((text) => !text.inbound).at(-1);
  if (card.opted_out) return make("span", "chip warm", t("refused"));
  if (last && ["undelivered", "failed"].includes(last.status)) return make("span", "chip bad", `${t("bounce")} ${last.error || ""}`);
  return make("span", "chip", String(card.count));
}

function fill(screen, texts) {
  screen.replaceChildren(...texts.map(bubble));
  screen.scrollTop = screen.scrollHeight;
}

function build(card) {
  const phone = make("article", "phone");
  const header = make("header");
  const number = make("button", "number", spaced(card.number));
  number.type = "button";
  number.addEventListener("click", () => openHandset(card.number));
  header.append(number, chipOf(card));
  const form = make("form", "answer");
  const input = make("input");
  input.placeholder = t("reply");
  input.setAttribute("aria-label", `${t("reply")} ${spaced(card.number)}`);
  input.maxLength = 1600;
  input.autocomplete = "off";
  form.append(input, sendIcon());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = input.value;
    if (!words.trim()) return;
    input.value = "";
    reply(card.number, words).then((sent) => { if (!sent) input.value = words; });
  });
  phone.append(header, make("div", "screen"), form);
  phone.dataset.number = card.number;
  return phone;
}

function show(card) {
  let phone = cards.get(card.number);
  if (!phone) {
    phone = build(card);
    cards.set(card.number, phone);
  }
  phone.querySelector(".chip").replaceWith(chipOf(card));
  fill(phone.querySelector(".screen"), card.texts);
  return phone;
}

function busy() {
  const focused = document.activeElement;
  return window.scrollY > 200 || (focused && $("wall").contains(focused) && focused.tagName === "INPUT");
}

function arrive(card) {
  const newest = card.texts.at(-1);
  const known = cards.get(card.number);
  const newestBefore = known ? Number(known.dataset.newest) : -1;
  const isNews = newest && newest.n !== newestBefore;
  if (known || !busy()) {
    const phone = show(card);
    phone.dataset.newest = newest ? newest.n : 0;
    if (isNews && !busy()) {
      $("wall").prepend(phone);
      phone.classList.remove("new");
      void phone.offsetWidth;
      phone.classList.add("new");
      fill(phone.querySelector(".screen"), card.texts);
    }
  } else {
    waiting.add(card.number);
  }
  if (cards.size > LARGEST_WALL && !busy()) {
    const oldest = $("wall").lastElementChild;
    cards.delete(oldest.dataset.number);
    oldest.remove();
  }
}

async function load(append = false) {
  skip = append ? cards.size : 0;
  const query = new URLSearchParams({ q: $("search").value, only, limit: 48, skip });
  const answer = await fetch(`/_carrier/handsets?${query}`).then((r) => r.json()).catch(() => null);
  if (!answer) return;
  if (!append) {
    cards.clear();
    $("wall").replaceChildren();
    waiting = new Set();
  }
  for (const card of answer.items) {
    if (append && cards.has(card.number)) continue;
    const phone = show(card);
    phone.dataset.newest = card.texts.length ? card.texts.at(-1).n : 0;
    $("wall").append(phone);
  }
  for (const phone of cards.values()) {
    const screen = phone.querySelector(".screen");
    screen.scrollTop = screen.scrollHeight;
  }
  $("more").hidden = !answer.more;
  totals(answer.totals);
  tidy();
  loadChats();
}

function tidy() {
  $("empty").hidden = cards.size > 0;
  $("empty").textContent = $("search").value || only ? t("nothing") : t("empty");
  $("fresh").hidden = waiting.size === 0;
  $("fresh").textContent = t("fresh")(waiting.size);
}

function totals(counts) {
  const figures = { ...counts };
  if ("undelivered" in counts) figures.failed = counts.undelivered + counts.failed;
  for (const [name, figure] of Object.entries(figures)) {
    const place = $(`total-${name}`);
    if (place) place.textContent = figure.toLocaleString(language);
  }
}

async function reply(number, text) {
  const answer = await fetch(`/_carrier/handsets/${encodeURIComponent(number)}/reply`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text }),
  }).catch(() => null);
  if (answer && answer.ok) return true;
  toast(t("offline"));
  return false;
}

async function openHandset(number) {
  const answer = await fetch(`/_carrier/handsets/${encodeURIComponent(number)}`).catch(() => null);
  const card = answer ? await answer.json() : { errors: [{ msg: t("offline") }] };
  if (card.errors) { toast(card.errors[0].msg); return; }
  opened = card.number;
  const inside = document.querySelector("#handset .inside");
  const header = make("header");
  const close = make("button", "close", "×");
  close.type = "button";
  close.setAttribute("aria-label", t("close"));
  close.addEventListener("click", () => $("handset").close());
  header.append(make("h2", "", spaced(card.number)), chipOf(card), close);
  const screen = make("div", "screen");
  const quick = make("div", "quick");
  for (const words of t("quick")) {
    const button = make("button", "", words);
    button.type = "button";
    button.addEventListener("click", () => reply(card.number, words));
    quick.append(button);
  }
  const form = make("form", "answer");
  const area = make("textarea");
  area.placeholder = t("reply");
  area.maxLength = 1600;
  area.setAttribute("aria-label", t("reply"));
  const send = () => {
    const words = area.value;
    if (!words.trim()) return;
    area.value = "";
    reply(card.number, words).then((sent) => { if (!sent) area.value = words; });
  };
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  form.append(area, sendIcon());
  inside.replaceChildren(header, screen, quick, form);
  if (!$("handset").open) $("handset").showModal();
  fill(screen, card.texts);
  area.focus();
}

async function refreshHandset() {
  const number = opened;
  const card = await fetch(`/_carrier/handsets/${encodeURIComponent(number)}`).then((r) => r.json()).catch(() => null);
  if (!card || card.errors || opened !== number) return;
  fill(document.querySelector("#handset .screen"), card.texts);
  document.querySelector("#handset .chip").replaceWith(chipOf(card));
}

let toastTimer = 0;
function toast(message) {
  $("toast").textContent = message;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 4000);
}

let reloadTimer = 0;
function reloadSoon(delay) {
  clearTimeout(reloadTimer);
  reloadTimer = setTimeout(() => load(), delay);
}

function listen() {
  const events = new EventSource("/_carrier/events");
  const line = (live) => {
    $("line").classList.toggle("live", live);
    $("line").lastElementChild.textContent = t(live ? "live" : "offline");
  };
  let lost = false;
  events.onopen = () => { line(true); if (lost) load(); lost = false; };
  events.onerror = () => { lost = true; line(false); };
  events.onmessage = (message) => {
    const event = JSON.parse(message.data);
    totals(event.totals);
    if ($("search").value || only) {
      event.cards.filter((card) => cards.has(card.number)).forEach(show);
      if (event.cards.length && !busy()) reloadSoon(1500);
    } else {
      event.cards.forEach(arrive);
    }
    if (opened && event.cards.some((card) => card.number === opened)) refreshHandset();
    chatsChanged(event.chats);
    tidy();
  };
}

function speak() {
  document.documentElement.lang = language;
  document.title = `${t("title")} · Lamplighter`;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  $("language").textContent = t("language");
  $("search").placeholder = t("search");
  $("search").setAttribute("aria-label", t("search"));
  $("open-number").placeholder = t("number");
  $("open-number").setAttribute("aria-label", t("number"));
  speakChats();
  $("line").lastElementChild.textContent = t($("line").classList.contains("live") ? "live" : "offline");
  fetch("/_carrier/people").then((r) => r.json()).then((people) => {
    const lines = [
      ...Object.entries(people.bounces).map(([ending, code]) => [ending, `${t("bounce")} ${code}`]),
      ...Object.entries(people.answers).map(([ending, words]) => [ending, words ? `“${words}”` : t("never")]),
    ];
    $("people").replaceChildren(...lines.map(([ending, words]) => {
      const item = make("li");
      item.append(make("b", "", `…${ending}`), ` ${words}`);
      return item;
    }));
  }).catch(() => {});
}

$("language").addEventListener("click", () => {
  language = language === "en" ? "zh-CN" : "en";
  localStorage.setItem("language", language);
  speak();
  load();
});
$("search").addEventListener("input", () => reloadSoon(200));
$("only").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  only = button.dataset.only;
  for (const other of $("only").children) other.setAttribute("aria-pressed", String(other === button));
  load();
});
$("open").addEventListener("submit", (event) => {
  event.preventDefault();
  const number = $("open-number").value.trim();
  $("open-number").value = "";
  if ($("open-in").value) openChat($("open-in").value, number);
  else openHandset(number);
});
$("more").addEventListener("click", () => load(true));
$("fresh").addEventListener("click", () => { window.scrollTo(0, 0); document.activeElement.blur(); load(); });
$("handset").addEventListener("close", () => { opened = null; openedChat = null; });
$("handset").addEventListener("click", (event) => { if (event.target === $("handset")) $("handset").close(); });
$("lively").addEventListener("change", (event) => {
  const handsets = event.target.checked ? "lively" : "silent";
  fetch("/_carrier/behaviour", {
    method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ handsets }),
  }).catch(() => toast(t("offline")));
});

// The chats' script is read after this one.
addEventListener("DOMContentLoaded", () => { speak(); load(); listen(); });
fetch("/_carrier/behaviour").then((r) => r.json()).then((b) => { $("lively").checked = b.handsets === "lively"; }).catch(() => {});
