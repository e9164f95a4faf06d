"use strict";
// Chats beside the handsets: the same people in chat programs, with the buttons that the utility's bots show.

const chatCards = new Map();
let openedChat = null;

const chatKey = (card) => `${card.platform} ${card.number}`;

async function inChat(card, action) {
  const answer = await fetch(`/_carrier/chats/${card.platform}/${encodeURIComponent(card.number)}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(action),
  }).catch(() => null);
  if (answer && answer.ok) return true;
  toast(answer ? (await answer.json()).errors[0].msg : t("offline"));
  return false;
}

function chatBubble(card, text) {
  const box = make("div", `text${text.inbound ? " mine" : ""}`);
  box.append(make("p", "", text.body));
  for (const row of text.buttons) {
    const line = make("div", "keys");
    for (const one of row) {
      const button = make("button", "key", one.text);
      button.type = "button";
      button.addEventListener("click", () => inChat(card, { press: one.data, message: text.n }));
      line.append(button);
    }
    box.append(line);
  }
  box.append(make("small", "", clock(text.created)));
  return box;
}

function fillChat(screen, card) {
  screen.replaceChildren(...card.texts.map((text) => chatBubble(card, text)));
  if (card.asks_number) {
    const share = make("button", "key share", `📱 ${t("share")}`);
    share.type = "button";
    share.addEventListener("click", () => inChat(card, { share: true }));
    screen.append(share);
  }
  screen.scrollTop = screen.scrollHeight;
}

function platformChip(card) {
  const name = t("platforms")[card.platform] || card.platform;
  return make("span", `chip ${card.blocked ? "bad" : "chat"}`, card.blocked ? `${name} · ${t("blocked")}` : name);
}

function chatForm(card, area) {
  const form = make("form", "answer");
  area.placeholder = t("reply");
  area.maxLength = 1600;
  area.autocomplete = "off";
  area.setAttribute("aria-label", `${t("reply")} ${t("platforms")[card.platform] || card.platform} ${spaced(card.number)}`);
  const send = () => {
    const words = area.value;
    if (!words.trim()) return;
    area.value = "";
    inChat(card, { text: words }).then((sent) => { if (!sent) area.value = words; });
  };
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  form.append(area, sendIcon());
  return form;
}

function showChat(card) {
  let phone = chatCards.get(chatKey(card));
  if (!phone) {
    phone = make("article", "phone chat");
    const header = make("header");
    const number = make("button", "number", spaced(card.number));
    number.type = "button";
    number.addEventListener("click", () => openChat(card.platform, card.number));
    header.append(number, platformChip(card));
    phone.append(header, make("div", "screen"), chatForm(card, make("input")));
    chatCards.set(chatKey(card), phone);
  }
  phone.querySelector(".chip").replaceWith(platformChip(card));
  fillChat(phone.querySelector(".screen"), card);
  return phone;
}

function tidyChats() {
  $("phones-title").hidden = chatCards.size === 0;
  for (const phone of chatCards.values()) {
    const screen = phone.querySelector(".screen");
    screen.scrollTop = screen.scrollHeight;
  }
}

async function loadChats() {
  const query = new URLSearchParams({ q: $("search").value, limit: 24 });
  const answer = await fetch(`/_carrier/chats?${query}`).then((r) => r.json()).catch(() => null);
  if (!answer) return;
  $("chats").hidden = answer.platforms.length === 0;
  const chosen = $("open-in").value;
  $("open-in").hidden = answer.platforms.length === 0;
  $("open-in").replaceChildren(...["", ...answer.platforms].map((name) => {
    const option = make("option", "", name ? t("platforms")[name] || name : t("as_sms"));
    option.value = name;
    return option;
  }));
  $("open-in").value = chosen;
  chatCards.clear();
  $("chat-wall").replaceChildren(...answer.items.map(showChat));
  tidyChats();
}

function chatsChanged(cards) {
  if (!cards || !cards.length) return;
  for (const card of cards) {
    const known = chatCards.has(chatKey(card));
    const phone = showChat(card);
    if (!known) $("chat-wall").prepend(phone);
    if (openedChat && openedChat.platform === card.platform && openedChat.number === card.number) refreshChat();
  }
  $("chats").hidden = false;
  tidyChats();
}

async function chatOf(platform, number) {
  const answer = await fetch(`/_carrier/chats/${platform}/${encodeURIComponent(number)}`).catch(() => null);
  return answer ? answer.json() : { errors: [{ msg: t("offline") }] };
}

async function refreshChat() {
  const asked = openedChat;
  const card = await chatOf(asked.platform, asked.number);
  if (card.errors || openedChat !== asked) return;
  fillChat(document.querySelector("#handset .screen"), card);
  document.querySelector("#handset .chip").replaceWith(platformChip(card));
  document.querySelector("#handset .blocking").textContent = t(card.blocked ? "unblock" : "block");
  asked.blocked = card.blocked;
}

async function openChat(platform, number) {
  const card = await chatOf(platform, number);
  if (card.errors) { toast(card.errors[0].msg); return; }
  openedChat = card;
  const header = make("header");
  const close = make("button", "close", "×");
  close.type = "button";
  close.setAttribute("aria-label", t("close"));
  close.addEventListener("click", () => $("handset").close());
  header.append(make("h2", "", spaced(card.number)), platformChip(card), close);
  const quick = make("div", "quick");
  for (const words of t("chat_quick")) {
    const button = make("button", "", words);
    button.type = "button";
    button.addEventListener("click", () => inChat(card, { text: words }));
    quick.append(button);
  }
  const share = make("button", "", t("share"));
  share.type = "button";
  share.addEventListener("click", () => inChat(card, { share: true }));
  const block = make("button", "blocking", t(card.blocked ? "unblock" : "block"));
  block.type = "button";
  block.addEventListener("click", () => inChat(card, { block: !openedChat.blocked }));
  quick.append(share, block);
  const area = make("textarea");
  const screen = make("div", "screen");
  document.querySelector("#handset .inside").replaceChildren(header, screen, quick, chatForm(card, area));
  if (!$("handset").open) $("handset").showModal();
  fillChat(screen, card);
  area.focus();
}

function speakChats() {
  loadChats();
}
