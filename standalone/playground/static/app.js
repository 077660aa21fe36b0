// A team's own app. All that it says and hears goes through the example client; the rest of this file shows it.
import { HandoffChat } from "./app-client.js";
import { $, h, icon, themeButton, post, pill, reasonText, time, linked, attachment, renderList, renderQuick, pinned, growing, typing } from "./live.js";

// The same page is the team's site, whose customers come to the team's own desk.
const site = new URLSearchParams(location.search).get("at") === "own-desk";
const KEY = site ? "handoff.site" : "handoff.app";
const NAME = site ? "Your own site" : "Your own app";
const typingFor = 8000; // a notice that nothing follows is over

const info = await fetch("/playground/api/info").then((r) => r.json());
const key = localStorage.getItem(KEY) || `u-${crypto.randomUUID()}`;
localStorage.setItem(KEY, key);

const connection = site ? info.site : info.app;
const chat = new HandoffChat(`/v1/channels/${connection}`, key, async () => (await post("/app/token", { id: key, to: connection })).token);
document.title = NAME;

let lines = [];    // what the stream told, in order
let unsent = [];   // what it has not told yet
let state = "";
let agent = null;
let typist = null;
let typistGoes;

$("#theme").append(themeButton());
$("#send").append(icon("send"));
const toEnd = pinned($("#scroll"), $("#messages"));

// Hearing.

function hear(event, data) {
  switch (event) {
    case "message.created": case "attachment.created":
      if (lines.some((l) => l.number >= data.number)) lines = []; // numbers only grow, unless the conversation is a new one
      lines.push(data);
      if (data.author.role === "customer") arrived(data.text);
      if (data.author.role === "agent") types(null);
      break;
    case "message.updated":
      lines = lines.map((l) => (l.number === data.number ? { ...l, text: data.text } : l));
      break;
    case "message.deleted":
      lines = lines.filter((l) => l.number !== data.number);
      break;
    case "conversation.updated": case "conversation.ended":
      state = data.state;
      agent = data.agent || null;
      lines.push({ change: `${data.at} ${data.state}`, state: data.state, reason: data.reason, at: data.at });
      if (!agent) types(null);
      break;
    case "agent.typing":
      types(data.typing ? data.agent?.name || agent?.name || "Someone" : null);
      break;
  }
  render();
}

function types(name) {
  clearTimeout(typistGoes);
  typist = name;
  if (name) typistGoes = setTimeout(() => { typist = null; render(); }, typingFor);
}

// Saying. One message after the other, each until it is stored.

let line = Promise.resolve();
function say(text) {
  const m = { text, at: new Date().toISOString(), id: crypto.randomUUID() };
  unsent.push(m);
  render();
  toEnd();
  line = line.then(() => chat.say(text)).catch((e) => {
    unsent = unsent.filter((u) => u !== m);
    complain(e.message);
    render();
  });
}

// arrived drops the message that the stream told: from now on it is one of its lines.
function arrived(text) {
  const at = unsent.findIndex((m) => m.text === text);
  if (at >= 0) unsent.splice(at, 1);
}

function complain(text) {
  const p = h("p.problem", { role: "alert" }, text);
  $("#composer").before(p);
  setTimeout(() => p.remove(), 5000);
}

// Showing.

function render() {
  const first = !$("#messages").childElementCount;
  const entries = lines.map((l) => l.change
    ? { id: l.change, key: "", make: () => h("div.said.notice", {}, h("div.bubble", {}, `${l.state}: ${reasonText(l.reason)}, ${time(l.at)}`)) }
    : { id: `n-${l.number}`, key: l.text || "", make: () => bubble(l, time(l.at)) });
  for (const m of unsent) entries.push({ id: m.id, key: "", make: () => bubble({ ...m, author: { role: "customer" } }, "sending") });
  if (typist) entries.push({ id: "typing", key: typist, make: () => h("div.said.theirs", {}, h("span.who", {}, `${typist} is typing`), h("span.dots", {}, h("i"), h("i"), h("i"))) });
  if (!entries.length) entries.push({ id: "none", key: "", make: () => h("div.said.notice", {}, h("div.bubble", {}, "There is no bot here: your first message asks for a human.")) });
  renderList($("#messages"), entries, !first);
  const last = lines.findLast((l) => !l.change);
  const buttons = !unsent.length && state !== "ended" ? last?.buttons || [] : [];
  renderQuick(buttons, last?.number + buttons.map((b) => b.label).join(), say);
  $("#pill").replaceChildren(pill(state));
  $("#name").textContent = state === "agent-assigned" && agent?.name || NAME;
  $("#workflow").hidden = !state || !info.workflow_url;
  $("#leave").hidden = !state || state === "ended";
}

function bubble(l, meta) {
  const { role, name } = l.author;
  const kind = role === "customer" ? "mine" : role === "notice" ? "notice" : "theirs";
  return h(`div.said.${kind}`, {},
    kind === "theirs" && name && h("span.who", {}, h("b", {}, name)),
    l.attachment && attachment(l.attachment),
    l.text && h("div.bubble", {}, linked(l.text)),
    kind !== "notice" && h("span.meta", {}, meta));
}

const fit = growing($("#text"), () => $("#composer").requestSubmit());
typing($("#text"), (on) => { if (state) chat.tell({ type: "customer.typing", typing: on }).catch(() => {}); });
$("#composer").onsubmit = (e) => {
  e.preventDefault();
  const text = $("#text").value.trim();
  if (!text) return;
  $("#text").value = "";
  fit();
  say(text);
};
$("#leave").onclick = () => chat.leave().catch((e) => complain(e.message));
$("#fresh").onclick = () => { chat.close(); localStorage.removeItem(KEY); location.reload(); };
$("#workflow").href = `${info.workflow_url}${connection}:${key}`;

render();
chat.listen(hear).catch((e) => complain(e.message));
