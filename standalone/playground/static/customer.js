import { $, h, icon, themeButton, post, postUntilTaken, upload, follow, newID, pill, steps, countdown, deadlineText,
  owner, time, avatar, linked, attachment, renderList, renderQuick, pinned, growing, typing } from "./live.js";

const CHAT = "handoff.chat", UNSENT = "handoff.unsent", OPEN = "handoff.open";
const phone = matchMedia("(max-width: 640px)");

let chat = localStorage.getItem(CHAT);
let view = null;          // the last snapshot
let stopFollowing = null;
let reading = "";         // the last message of an agent that we told we read
let seen = 0;             // messages that were shown while the chat was open
let unsent = JSON.parse(localStorage.getItem(UNSENT) || "[]");

$("#theme").append(themeButton());
$("#launcher").append(icon("chat"));
$("#close").append(icon("down"));
$("#menu-button").append(icon("more"));
$("#attach").append(icon("clip"));
$("#send").append(icon("send"));

const toEnd = pinned($("#scroll"), $("#messages"));
const keep = () => localStorage.setItem(UNSENT, JSON.stringify(unsent));

// Opening and closing.

function show(open) {
  $("#widget").hidden = !open;
  $("#launcher").hidden = open;
  document.body.classList.toggle("chatting", open);
  localStorage.setItem(OPEN, open ? "yes" : "no");
  if (open) {
    seen = view ? view.chat.messages.length : 0;
    $("#launcher").classList.remove("unread");
    toEnd();
    render();
    if (!phone.matches) $("#text").focus({ preventScroll: true });
  }
}

$("#launcher").onclick = () => show(true);
$("#ask").onclick = () => show(true);
$("#close").onclick = () => show(false);
function menu(open) {
  $("#menu").hidden = !open;
  $("#menu-button").setAttribute("aria-expanded", open);
}
$("#menu-button").onclick = (e) => { e.stopPropagation(); menu($("#menu").hidden); };
addEventListener("click", () => menu(false));
addEventListener("keydown", (e) => { if (e.key === "Escape") menu(false); });

$("#human").onclick = () => act("human");
$("#leave").onclick = () => act("leave");
$("#fresh").onclick = () => {
  stopFollowing?.();
  localStorage.removeItem(CHAT);
  chat = view = null;
  unsent = [];
  keep();
  $("#messages").replaceChildren();
  enter();
};

async function act(what) {
  try { await postUntilTaken(`/chats/${chat}/${what}`, {}); } catch (e) { complain(e.message); }
}

// The conversation.

async function enter() {
  if (!chat) {
    ({ id: chat } = await postUntilTaken("/chats", { name: "Alex Morgan" }));
    localStorage.setItem(CHAT, chat);
  }
  stopFollowing = follow(`/chats/${chat}/stream`, (snapshot) => { view = snapshot; render(); }, () => {
    localStorage.removeItem(CHAT); // the playground's data was thrown away
    chat = null;
    enter();
  });
  for (const m of [...unsent]) deliver(m);
}

async function say(text, attachments = []) {
  text = text.trim();
  if (!chat || (!text && !attachments.length)) return;
  const m = { id: newID(), text, attachments, at: new Date().toISOString() };
  unsent.push(m);
  keep();
  render();
  toEnd();
  await deliver(m);
}

// One message after the other, each until the server has it.
let line = Promise.resolve();
function deliver(m) {
  const to = chat;
  line = line.then(async () => {
    try {
      await postUntilTaken(`/chats/${to}/messages`, { id: m.id, text: m.text, attachments: m.attachments });
    } catch (e) {
      complain(e.message);
      unsent = unsent.filter((u) => u !== m);
      keep();
      render();
    }
  });
  return line;
}

function complain(text) {
  const p = h("p.problem", { role: "alert" }, text);
  $("#composer").before(p);
  setTimeout(() => p.remove(), 5000);
}

// Showing it.

function render() {
  if (!view) return;
  const messages = view.chat.messages;
  const there = new Set(messages.map((m) => m.id));
  if (unsent.some((m) => there.has(m.id))) { unsent = unsent.filter((m) => !there.has(m.id)); keep(); }
  const first = !$("#messages").childElementCount;

  // The last ones of the customer that handoff has not acknowledged.
  const own = messages.filter((m) => m.author.role === "customer");
  const onTheWay = new Set(own.slice(own.length - (view.chat.queued || 0)).map((m) => m.id));
  const last = own.at(-1)?.id;
  const entries = messages.map((m, i) => {
    const read = view.chat.read && new Date(view.chat.read) >= new Date(m.at);
    const mark = m.id === last ? (onTheWay.has(m.id) ? "sent" : read ? "read" : "delivered") : "";
    const who = m.author.role === "agent" && messages[i - 1]?.author.id !== m.author.id ? m.author.name : "";
    return { id: m.id, key: JSON.stringify([mark, who, m.edited_at, m.rating]), make: () => bubble(m, mark, who) };
  });
  for (const m of unsent) {
    entries.push({ id: m.id, key: "sending", make: () => bubble({ ...m, author: { role: "customer" } }, "sending", "") });
  }
  if (view.chat.typing) {
    const name = view.chat.typing.name || "Someone";
    entries.push({ id: "typing", key: name, make: () => h("div.said.theirs", {}, h("span.who", {}, `${name} is typing`), h("span.dots", {}, h("i"), h("i"), h("i"))) });
  }
  renderList($("#messages"), entries, !first);
  renderHead();
  renderStatus();
  quick(messages);
  if (first) toEnd();
  if ($("#widget").hidden) $("#launcher").classList.toggle("unread", messages.length > seen && seen > 0);
  else seen = messages.length;
  tellRead(messages);
}

/** Tells the agent that we have read, once for each message. */
function tellRead(messages) {
  const last = messages.findLast((m) => m.author.role === "agent");
  if (!last || last.id === reading || $("#widget").hidden || document.visibilityState !== "visible") return;
  reading = last.id;
  post(`/chats/${chat}/read`).catch(() => {});
}
document.addEventListener("visibilitychange", render);

/** Five buttons below a question for a rating; afterwards, what was pressed. */
function rate(m) {
  return h("div.rate", { role: "group", "aria-label": "How was the help?" }, [1, 2, 3, 4, 5].map((n) => h("button", {
    type: "button", "aria-label": `${n} of 5`, "aria-pressed": String(n === m.rating), disabled: !!m.rating,
    onclick: () => postUntilTaken(`/chats/${chat}/rating`, { id: m.id, rating: n }).catch((e) => complain(e.message)),
  }, String(n))));
}

function bubble(m, mark, who) {
  const role = m.author.role;
  const kind = role === "customer" ? "mine" : role === "bot" || role === "agent" ? "theirs" : "notice";
  return h(`div.said.${kind}${m.deleted ? ".gone" : ""}`, {},
    who && h("span.who", {}, h("b", {}, who)),
    (m.attachments || []).map(attachment),
    m.deleted ? h("div.bubble", {}, "deleted") : m.text && h("div.bubble", {}, linked(m.text)),
    m.survey && rate(m),
    m.edited_at && !m.deleted && h("span.meta", {}, "edited"),
    mark && h("span.meta", {}, mark === "sending" ? "sending" : `${mark} ${time(m.at)}`));
}

function renderHead() {
  const s = view.status;
  const agent = [...view.chat.messages].reverse().find((m) => m.author.role === "agent")?.author.name;
  let name = "Fern", role = "the shop's assistant", face = h("span.avatar", {}, icon("leaf"));
  if (s.state === "agent-assigned") {
    name = s.agent || agent || "Our team";
    role = "a human, from the shop";
    face = avatar(name);
  } else if (s.state === "waiting" || s.state === "timed-out-reassign") {
    name = "Finding a human";
    role = "Fern & Field";
  }
  const key = name + role;
  if ($("#face").dataset.key === key) return;
  $("#face").dataset.key = key;
  $("#face").replaceChildren(face);
  $("#name").textContent = name;
  $("#role").textContent = role;
}

function renderStatus() {
  const s = view.status;
  const key = JSON.stringify([s, view.workflow]);
  if ($("#status").dataset.key === key) return;
  $("#status").dataset.key = key;
  $("#status").dataset.state = s.state || "";
  const soon = s.deadline_at && new Date(s.deadline_at) - Date.now() < 3600e3;
  $("#status").replaceChildren(
    h("div.row", {}, pill(s.state), soon
      ? h("span", {}, countdown(s.deadline_at), " ", deadlineText(s.deadline))
      : h("span", {}, s.state ? "no deadline is near" : "say something to begin")),
    steps(s),
    h("div.row", {}, h("span", {}, "Owner: ", h("b", {}, owner(s))), view.workflow &&
      h("a", { href: view.workflow, target: "_blank", rel: "noopener" }, "Workflow in Temporal", icon("out"))));
}

function quick(messages) {
  const last = messages.at(-1);
  const state = view.status.state;
  const current = last?.author.role === "agent" || last?.author.role === "bot" && (!state || state === "bot");
  const buttons = !unsent.length && current ? last.buttons || [] : [];
  renderQuick(buttons, last?.id + buttons.map((b) => b.label).join(), say);
}


// Writing.

const fit = growing($("#text"), () => $("#composer").requestSubmit());
typing($("#text"), (on) => { if (chat) post(`/chats/${chat}/typing`, { on }).catch(() => {}); });
$("#composer").onsubmit = (e) => {
  e.preventDefault();
  const text = $("#text").value;
  $("#text").value = "";
  fit();
  say(text);
};
$("#attach").onclick = () => $("#file").click();
$("#file").onchange = async () => {
  const file = $("#file").files[0];
  $("#file").value = "";
  if (!file) return;
  try { await say("", [await upload(file)]); } catch (e) { complain(e.message); }
};

const before = localStorage.getItem(OPEN);
const framed = window !== window.top; // side by side with the desk, the chat is what counts
show(framed || (before ? before === "yes" : !phone.matches));
enter();
