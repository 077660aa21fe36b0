// A desk of a team's own. It shows what its server was told by webhooks, and nothing that handoff knows besides.
import { $, h, icon, themeButton, post, postUntilTaken, upload, follow, newID, pill, reasonText, time, avatar, linked, attachment,
  renderList, pinned, growing, typing } from "./live.js";

const ME = "handoff.own-desk.agent";

let me = localStorage.getItem(ME) || "robin";
let selected = decodeURIComponent(location.hash.slice(1)) || null;
let view = null;
let stopFollowing = null;
let asNote = false;
let editing = null; // the message whose words are being changed
const toEnd = pinned($("#scroll"), $("#messages"));

$("#theme").append(themeButton());
$("#attach").append(icon("clip"));
$("#send").append(icon("send"));

// Following.

function enter() {
  stopFollowing?.();
  stopFollowing = follow(`/own-desk/stream?ticket=${encodeURIComponent(selected || "")}`, (snapshot) => { view = snapshot; render(); });
}
function select(id) {
  if (id === selected) return;
  history.pushState(null, "", id ? "#" + encodeURIComponent(id) : location.pathname);
  show(id);
}
addEventListener("popstate", () => show(decodeURIComponent(location.hash.slice(1)) || null));
function show(id) {
  selected = id;
  $("#messages").replaceChildren();
  $("#desk").classList.remove("details");
  mode(false);
  enter();
  render();
}

const ticket = () => view?.tickets?.find((t) => t.id === selected);
const agentOf = (id) => view?.agents.find((a) => a.id === id);
const customerOf = (t) => t.customer?.name || "Customer";

async function act(what, more = {}) {
  try {
    await postUntilTaken(`/own-desk/tickets/${selected}/${what}`, { agent: me, ...more });
  } catch (e) { complain(e.message); }
}
function complain(text) {
  const p = h("p.problem", { role: "alert" }, text);
  $("#composer").before(p);
  setTimeout(() => p.remove(), 5000);
}

// Who I am.

$("#agent").onchange = (e) => { me = e.target.value; localStorage.setItem(ME, me); render(); };
$("#online").onclick = async () => {
  await postUntilTaken(`/own-desk/agents/${me}/online`, { on: !agentOf(me)?.online }).catch((e) => complain(e.message));
};
function renderMe() {
  if (!agentOf(me)) me = view.agents[0].id;
  once($("#agent"), [me, view.agents], () => view.agents.map((a) =>
    h("option", { value: a.id, selected: a.id === me }, a.name + (a.online ? "" : " (away)"))));
  once($("#me-face"), [me], () => [avatar(agentOf(me).name)]);
  const on = agentOf(me).online;
  $("#online").setAttribute("aria-checked", on);
  $("#online").setAttribute("aria-label", on ? "You are online" : "You are away");
}

// The list.

function statusOf(t) {
  if (t.closed) return h("span.status", {}, t.closed_by ? `closed by ${t.closed_by}` : "closed");
  if (!t.asked) return h("span.status", {}, "with the bot");
  if (!t.agent) return h("span.status.hot", {}, t.group ? `waiting in ${t.group}` : "waiting");
  return h("span.status.mine", {}, t.agent.id === me ? "yours" : t.agent.name);
}
function renderTickets() {
  const tickets = (view.tickets || []).slice(0, 60);
  document.title = (tickets.some((t) => t.asked && !t.closed && !t.agent) ? "(!) " : "") + "Your own desk";
  const entries = tickets.map((t) => ({
    id: t.id, key: JSON.stringify([t.id === selected, t.last, t.last_at, t.agent, t.closed, t.closed_by, t.asked, t.group, t.unread, me]),
    make: () => h("li", {}, h("button.ticket", { type: "button", "aria-current": String(t.id === selected), onclick: () => select(t.id) },
      h("b", {}, customerOf(t)), h("small", {}, time(t.last_at)),
      h("span.last", {}, t.last || "no words yet"),
      h("span.foot", {}, statusOf(t), !t.closed && t.unread ? h("span.unread", { title: "not read yet" }, t.unread) : null))),
  }));
  if (!entries.length) entries.push({ id: "none", key: "", make: () => h("li.none", {}, "No ticket yet.") });
  renderList($("#tickets"), entries, false);
}

// One ticket.

function once(element, key, make) {
  const k = JSON.stringify(key);
  if (element.dataset.key === k) return;
  element.dataset.key = k;
  element.replaceChildren(...make().filter(Boolean));
}
function render() {
  if (!view) return;
  renderMe();
  renderTickets();
  renderWire();
  const t = ticket();
  const mine = t?.agent?.id === me;
  $("#desk").classList.toggle("empty", !t);
  for (const id of ["#talk-head", "#scroll"]) $(id).hidden = !t;
  $("#nothing").hidden = !!t;
  $("#actions").hidden = !t || t.closed || !mine;
  $("#composer").hidden = !t || t.closed || !mine;
  $("#take").hidden = !t || t.closed || mine;
  if (!t) return;
  renderHead(t);
  renderMessages(t);
  renderTake(t);
  renderActions(t);
  if (mine && !t.closed && t.unread && document.visibilityState === "visible") read(t);
}

let reading = "";
function read(t) {
  const upTo = t.id + t.last_at;
  if (reading === upTo) return;
  reading = upTo;
  post(`/own-desk/tickets/${t.id}/read`, { agent: me }).catch(() => {});
}
function renderHead(t) {
  once($("#talk-head"), [t.id, t.customer, t.state, t.reason], () => [
    h("button.button.quiet.icon.only-phone", { type: "button", "aria-label": "Back to the list", onclick: () => select(null) }, icon("back")),
    avatar(customerOf(t)),
    h("div.names", {}, h("b", {}, customerOf(t)), h("span", {}, t.customer?.email ? `${t.customer.email} · ${t.id}` : t.id)),
    t.state && h("span", { title: reasonText(t.reason) }, pill(t.state)),
    h("button.button.quiet.icon.only-narrow", { type: "button", "aria-label": "Details", onclick: () => $("#desk").classList.toggle("details") }, icon("more")),
  ]);
}
function renderMessages(t) {
  const list = $("#messages");
  const first = !list.childElementCount;
  const entries = [];
  const all = t.messages || [];
  if (t.previous) entries.push({ id: "previous", key: t.previous, make: () => h("div.rule", {}, `continues ${t.previous}`) });
  all.forEach((m, i) => {
    if (!m.number && (i === 0 || all[i - 1].number)) entries.push({ id: "opened", key: "", make: () => h("div.rule", {}, t.asked ? "an agent was asked for" : "read along") });
    entries.push({ id: m.id, key: JSON.stringify([m.text, m.edited, m.deleted]), make: () => bubble(t, m) });
  });
  if (t.typing) entries.push({ id: "typing", key: "", make: () => h("div.said.theirs", {}, h("span.who", {}, `${customerOf(t)} is typing`), h("span.dots", {}, h("i"), h("i"), h("i"))) });
  if (t.closed) entries.push({ id: "closed", key: t.closed_by, make: () => h("div.rule", {}, `closed by ${t.closed_by || "somebody"}`) });
  renderList(list, entries, !first);
  if (first) toEnd();
}
function bubble(t, m) {
  const kind = m.note ? "note.mine" : m.role === "agent" ? "mine" : m.role === "customer" ? "theirs" : m.role === "bot" ? "theirs.bot" : "notice";
  const who = m.role === "customer" ? m.name || customerOf(t) : m.name || { bot: "Bot", handoff: "handoff", notice: "" }[m.role] || "Agent";
  const mine = m.role === "agent" && !m.note && !m.deleted && !m.number && !t.closed;
  return h(`div.said.${kind}${m.deleted ? ".gone" : ""}`, {},
    kind !== "notice" && h("span.who", {}, h("b", {}, who), m.note ? " left a note that only agents see" : "", " ", time(m.at)),
    m.attachment && !m.deleted && (m.attachment.url ? attachment(m.attachment) : h("div.bubble", {}, `a place: ${m.attachment.latitude || 0}, ${m.attachment.longitude || 0}`)),
    m.deleted ? h("div.bubble", {}, "deleted") : m.text && h("div.bubble", {}, linked(m.text)),
    (m.edited || mine) && h("span.own.meta", {},
      mine && h("button", { type: "button", onclick: () => edit(m) }, "Edit"),
      mine && h("button", { type: "button", onclick: () => act("edit", { id: m.id }) }, "Delete"),
      m.edited && "edited"));
}
function renderTake(t) {
  once($("#take"), [t.id, t.agent, t.asked, agentOf(me)?.online], () => [
    h("p", {}, h("b", {}, t.agent ? `${t.agent.name} has this ticket` : t.asked ? "Nobody has this ticket yet" : "The bot has this customer"),
      t.asked ? "The customer sees your name when you take it." : "You read along. Taking it takes the customer from the bot."),
    h("button.button.primary", { type: "button", disabled: !agentOf(me)?.online, onclick: () => act("take") }, t.agent ? "Take it over" : "Take"),
  ]);
  $("#take").dataset.state = "waiting";
}
function renderActions(t) {
  const colleagues = view.agents.filter((a) => a.id !== me && a.online);
  once($("#actions"), [t.id, colleagues], () => [
    h("h3", {}, "This ticket"),
    h("div.actions", {},
      h("div.transfer", {}, h("select", {
        "aria-label": "Transfer to a colleague", disabled: !colleagues.length,
        onchange: (e) => { const to = e.target.value; e.target.selectedIndex = 0; act("transfer", { to }); },
      }, h("option", { value: "", disabled: true, selected: true }, "Transfer to"), colleagues.map((a) => h("option", { value: a.id }, a.name))),
      h("span.button", {}, colleagues.length ? "Transfer to a colleague" : "No colleague is online", icon("down"))),
      h("button.button", { type: "button", onclick: () => act("back") }, "Hand back to the bot"),
      h("div.pair", {},
        h("button.button", { type: "button", onclick: () => act("release") }, "Release"),
        h("button.button", { type: "button", onclick: () => act("close") }, "Close"))),
  ]);
}

// The wire: each webhook of either direction, newest first, with its body.

function renderWire() {
  const entries = (view.wire || []).slice(-40).reverse().map((w) => ({
    id: `${w.at} ${w.id}`, key: "", make: () => h(`li.${w.out ? "out" : "in"}`, {}, h("details", {},
      h("summary", {}, h("b", { title: w.type }, w.type), h("i", {}, time(w.at)),
        h(`i${w.status >= 200 && w.status < 300 ? "" : ".bad"}`, {}, w.status || "no answer")),
      h("pre", {}, `webhook-id: ${w.id}\n\n${JSON.stringify(w.body, null, 2)}`))),
  }));
  if (!entries.length) entries.push({ id: "none", key: "", make: () => h("p", {}, "Each webhook appears here as it was sent: → from handoff, ← from this desk.") });
  renderList($("#wire"), entries, false);
}

// Writing.

function mode(note, message) {
  asNote = note;
  editing = message || null;
  $("#composer").classList.toggle("note", note);
  $("#mode-reply").setAttribute("aria-selected", String(!note));
  $("#mode-note").setAttribute("aria-selected", String(note));
  $("#mode-edit").hidden = !editing;
  $("#text").placeholder = note ? "Only agents see this" : "Write to the customer";
  $("#attach").hidden = note || !!editing;
}
mode(false);
$("#mode-reply").onclick = () => { mode(false); $("#text").focus(); };
$("#mode-note").onclick = () => { mode(true); $("#text").focus(); };
$("#mode-edit").onclick = () => { mode(false); $("#text").value = ""; fit(); };
function edit(m) {
  mode(false, m);
  $("#text").value = m.text;
  fit();
  $("#text").focus();
}

const fit = growing($("#text"), () => $("#composer").requestSubmit());
const writing = () => { const t = ticket(); return t && !t.closed && t.agent?.id === me && !asNote && !editing; };
typing($("#text"), (on) => { if (writing()) post(`/own-desk/tickets/${selected}/typing`, { agent: me, on }).catch(() => {}); });
$("#composer").onsubmit = (e) => {
  e.preventDefault();
  const text = $("#text").value.trim();
  if (!text) return;
  $("#text").value = "";
  fit();
  if (editing) act("edit", { id: editing.id, text });
  else act(asNote ? "notes" : "messages", { id: newID(), text });
  if (editing) mode(false);
};
$("#attach").onclick = () => $("#file").click();
$("#file").onchange = async () => {
  const file = $("#file").files[0];
  $("#file").value = "";
  if (!file) return;
  try { await act("messages", { id: newID(), attachments: [await upload(file)] }); } catch (e) { complain(e.message); }
};

enter();
