import { $, h, icon, themeButton, post, postUntilTaken, upload, follow, newID, pill, steps, countdown, deadlineText,
  reasonText, owner, time, avatar, linked, attachment, renderList, pinned, growing, typing } from "./live.js";

const ME = "handoff.agent", TAB = "handoff.tab";

let me = localStorage.getItem(ME) || "maya";
let tab = localStorage.getItem(TAB) || "waiting";
let selected = decodeURIComponent(location.hash.slice(1)) || null;
let view = null;
let info = {};
let stopFollowing = null;
const toEnd = pinned($("#scroll"), $("#messages"));
let asNote = false;
let editing = null; // the message whose words are being changed
let reading = "";   // the last message that the customer was told we read

$("#theme").append(themeButton());
$("#attach").append(icon("clip"));
$("#send").append(icon("send"));
fetch("/playground/api/info").then((r) => r.json()).then((i) => { info = i; render(); }).catch(() => {});

// Following.

function enter() {
  stopFollowing?.();
  stopFollowing = follow(`/desk/stream?ticket=${encodeURIComponent(selected || "")}`, (snapshot) => { view = snapshot; render(); });
}

function select(id) {
  if (id === selected) return;
  selected = id;
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

const ticket = () => view?.desk.tickets.find((t) => t.id === selected);
const agentOf = (id) => view?.desk.agents.find((a) => a.id === id);

/**
 * How the ticket stands: what handoff told it, and for one that is open, deadlines and what is newer as handoff knows them
 * now. A closed one stays as it ended: its conversation goes on elsewhere.
 */
function status(t) {
  const now = view.status[t.conversation] || {}, told = t.stands;
  if (!told || t.mirrored || !t.closed && new Date(told.at) < new Date(now.since || 0)) return now;
  const same = !t.closed && told.state === now.state;
  return { ...(same ? now : { past: now.past }), state: told.state, reason: told.reason, since: told.at, waiting_since: told.waiting_since };
}

async function act(what, more = {}) {
  try {
    await postUntilTaken(`/tickets/${selected}/${what}`, { agent: me, ...more });
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
  await postUntilTaken(`/agents/${me}/online`, { on: !agentOf(me)?.online }).catch((e) => complain(e.message));
};

function renderMe() {
  const agents = view.desk.agents;
  if (!agents.some((a) => a.id === me)) me = agents[0].id;
  const key = me + agents.map((a) => a.id + a.online + a.active).join();
  if ($("#agent").dataset.key === key) return;
  $("#agent").dataset.key = key;
  $("#agent").replaceChildren(...agents.map((a) =>
    h("option", { value: a.id, selected: a.id === me }, a.name + (a.online ? "" : " (away)"))));
  $("#me-face").replaceChildren(avatar(agentOf(me).name));
  const on = agentOf(me).online;
  $("#online").setAttribute("aria-checked", on);
  $("#online").setAttribute("aria-label", on ? "You are online" : "You are away");
  $("#online").title = on ? "Online. Press to go away: your tickets go back into the queue." : "Away. Press to come back.";
}

// The list.

const TABS = [
  ["waiting", "Waiting", (t) => !t.closed && !t.agent && !t.mirrored],
  ["mine", "Mine", (t) => !t.closed && t.agent?.id === me],
  ["others", "Others", (t) => !t.closed && t.agent && t.agent.id !== me],
  ["closed", "Closed", (t) => t.closed],
];

function renderTabs() {
  const counts = TABS.map(([, , in_]) => view.desk.tickets.filter(in_).length);
  document.title = (counts[0] ? `(${counts[0]}) ` : "") + "Desk";
  const key = tab + counts.join();
  if ($("#tabs").dataset.key === key) return;
  $("#tabs").dataset.key = key;
  $("#tabs").replaceChildren(...TABS.map(([id, name], i) =>
    h("button", {
      type: "button", role: "tab", "aria-selected": String(id === tab), class: id === "waiting" && counts[i] ? "hot" : undefined,
      onclick: () => { tab = id; localStorage.setItem(TAB, tab); render(); },
    }, name, id !== "closed" && counts[i] ? h("i", {}, counts[i]) : null)));
}

function renderTickets() {
  const in_ = TABS.find(([id]) => id === tab)[2];
  const entry = (t) => {
    const s = status(t);
    const current = t.id === selected;
    const deadline = !t.closed && soon(s) && s.deadline_at;
    return {
      id: t.id, key: JSON.stringify([current, t.last, t.last_at, s.state, deadline, t.agent, t.offered, t.closed]),
      make: () => h("li", {}, h("button.ticket", { type: "button", "aria-current": String(current), onclick: () => select(t.id) },
        h("b", {}, t.customer || "Customer"), h("small", {}, time(t.last_at)),
        h("span.last", {}, t.last_role === "agent" ? "You: ".replace("You", t.agent?.id === me ? "You" : "Agent") : "", t.last || "no words yet"),
        !t.mirrored && h("span.foot", {}, t.closed ? h("span", {}, t.id) : pill(s.state),
          t.closed ? h("span", {}, t.agent ? t.agent.name : "nobody had it")
            : t.offered ? h("span", {}, "offered to ", t.offered.id === me ? "you" : t.offered.name.split(" ")[0])
            : deadline ? countdown(deadline) : null))),
    };
  };
  const entries = view.desk.tickets.filter(in_).slice(0, 60).map(entry);
  if (!entries.length) {
    const text = { waiting: "Nobody is waiting.", mine: "You have no open ticket.", others: "No colleague has an open ticket.", closed: "No ticket was closed yet." }[tab];
    entries.push({ id: "none", key: tab, make: () => h("li.none", {}, text) });
  }
  const along = tab === "waiting" ? view.desk.tickets.filter((t) => t.mirrored).slice(0, 20) : [];
  if (along.length) entries.push({ id: "along", key: "", make: () => h("li.rule", {}, "With the bot") }, ...along.map(entry));
  renderList($("#tickets"), entries, false);
}

const soon = (s) => s.deadline_at && new Date(s.deadline_at) - Date.now() < 3600e3;

// One ticket.

function render() {
  if (!view) return;
  renderMe();
  renderTabs();
  renderTickets();
  const t = ticket();
  $("#desk").classList.toggle("empty", !t);
  for (const id of ["#talk-head", "#scroll"]) $(id).hidden = !t;
  $("#side").hidden = !t;
  $("#nothing").hidden = !!t;
  if (!t) { $("#take").hidden = $("#composer").hidden = true; return; }
  const s = status(t);
  const mine = t.agent?.id === me;
  renderHead(t, s);
  renderMessages(t);
  renderTake(t, s, mine);
  $("#composer").hidden = t.closed || !mine && !t.mirrored;
  placeholder();
  renderSide(t, s, mine);
  if (mine && !t.closed) read(t);
}

/** Tells the customer that we have read, once for each message. */
function read(t) {
  const last = t.messages?.findLast((m) => m.author.role === "customer");
  if (!last || last.id === reading || document.visibilityState !== "visible") return;
  reading = last.id;
  post(`/tickets/${t.id}/read`, { agent: me }).catch(() => {});
}
document.addEventListener("visibilitychange", render);

function once(element, key, make) {
  const k = JSON.stringify(key);
  if (element.dataset.key === k) return;
  element.dataset.key = k;
  element.replaceChildren(...make().filter(Boolean));
}

function renderHead(t, s) {
  once($("#talk-head"), [t.id, t.customer, s.state, t.closed], () => [
    h("button.button.quiet.icon.only-phone", { type: "button", "aria-label": "Back to the list", onclick: () => select(null) }, icon("back")),
    avatar(t.customer || "Customer"),
    h("div.names", {}, h("b", {}, t.customer || "Customer"), h("span", {}, `${t.id} · ${t.conversation}`)),
    pill(s.state),
    h("button.button.quiet.icon.only-narrow", { type: "button", "aria-label": "Details", onclick: () => $("#desk").classList.toggle("details") }, icon("more")),
  ]);
}

function renderMessages(t) {
  const list = $("#messages");
  const first = !list.childElementCount;
  const entries = [];
  if (t.transcript?.length) {
    entries.push({ id: "before", key: String(!!t.mirrored), make: () => h("div.rule", {}, t.mirrored ? "You read along" : "What was said before the handoff") });
    t.transcript.forEach((l, i) => entries.push({ id: "b" + i, key: l.text, make: () => bubble(t, l) }));
  }
  if (!t.mirrored) entries.push({ id: "opened", key: t.opened, make: () => h("div.rule", {}, `${t.id} opened at ${time(t.opened)}`) });
  const last = t.messages?.findLast((m) => m.author.role === "agent" && !m.note)?.id;
  for (const m of t.messages || []) {
    const own = m.author.id === me && !m.note && !m.deleted && !t.closed;
    const seen = m.id === last && !m.deleted && t.read && new Date(t.read) >= new Date(m.at);
    entries.push({ id: m.id, key: JSON.stringify([m.text, m.edited_at, own, seen]), make: () => bubble(t, m, own, seen) });
  }
  if (t.typing) {
    entries.push({ id: "typing", key: "typing", make: () => h("div.said.theirs", {}, h("span.who", {}, `${t.customer || "The customer"} is typing`), h("span.dots", {}, h("i"), h("i"), h("i"))) });
  }
  if (t.closed) entries.push({ id: "closed", key: t.since, make: () => h("div.rule", {}, `closed at ${time(t.since)}`) });
  if (t.rating) entries.push({ id: "rated", key: "", make: () => h("div.rule", {}, h("span", {}, "the customer gave ", stars(t.rating))) });
  renderList(list, entries, !first);
  if (first) toEnd();
}

const stars = (n) => h("span.stars", { role: "img", "aria-label": `${n} of 5` }, "★".repeat(n) + "☆".repeat(5 - n));

function bubble(t, m, own, seen) {
  const role = m.author.role;
  const kind = m.note ? "note.mine" : role === "agent" ? "mine" : role === "system" ? "notice" : role === "bot" ? "theirs.bot" : "theirs";
  const who = role === "customer" ? m.author.name || t.customer || "Customer" : m.author.name || (role === "bot" ? "Bot" : "");
  return h(`div.said.${kind}${m.deleted ? ".gone" : ""}`, {},
    kind !== "notice" && h("span.who", {}, own && h("span.own", {},
      m.text && h("button", { type: "button", onclick: () => edit(m) }, "Edit"),
      h("button", { type: "button", onclick: () => act("edit", { id: m.id }) }, "Delete")), h("b", {}, who), m.note ? " left a note that only agents see" : role === "bot" && m.author.name ? ", bot" : "", " ", time(m.at)),
    (m.attachments || []).map(attachment),
    m.deleted ? h("div.bubble", {}, "deleted") : m.text && h("div.bubble", {}, linked(m.text)),
    (seen || m.edited_at && !m.deleted) && h("span.meta", {}, [m.edited_at && "edited", seen && "read"].filter(Boolean).join(", ")));
}

function renderTake(t, s, mine) {
  const show = !t.closed && !mine;
  $("#take").hidden = !show;
  if (!show) return;
  $("#take").dataset.state = s.state || "waiting";
  const offered = t.offered?.id === me;
  const away = !agentOf(me)?.online;
  once($("#take"), [t.id, t.mirrored, t.agent, t.offered, s.deadline_at, s.deadline, away], () => [
    t.mirrored ? h("p", {}, h("b", {}, "The bot has this customer"), "Take it, or just write: the bot steps back.")
      : h("p", {}, h("b", {}, offered ? "This ticket is offered to you" : t.agent ? `${t.agent.name} has this ticket` : t.offered ? `Offered to ${t.offered.name}` : "Nobody has this ticket yet"),
      soon(s) ? [countdown(s.deadline_at), " ", deadlineText(s.deadline)] : "The customer sees your name when you take it."),
    h("button.button.primary", { type: "button", disabled: away, onclick: () => { tab = "mine"; act("take"); } }, t.agent ? "Take it over" : "Take"),
  ]);
}

function renderSide(t, s, mine) {
  const side = $("#side");
  const colleagues = view.desk.agents.filter((a) => a.id !== t.agent?.id && a.online);
  const answered = t.messages?.some((m) => m.author.role === "agent" && !m.note && new Date(m.at) > new Date(s.waiting_since));
  const waits = s.waiting_since && !t.closed && !answered;
  once(side, [t.id, t.agent, t.closed, t.rating, waits, s, mine, colleagues.map((a) => a.id), info.workflow_url], () => [
    h("section.state-card", { data: { state: s.state || "" } },
      pill(s.state),
      soon(s) ? h("div.big", {}, countdown(s.deadline_at)) : null,
      h("p", {}, soon(s) ? deadlineText(s.deadline) : s.reason ? sentence(reasonText(s.reason)) : "no deadline is near"),
      steps(s)),
    h("dl", {},
      h("dt", {}, "Owner"), h("dd", {}, owner(s, t.agent?.name)),
      s.reason && h("dt", {}, "Because"), s.reason && h("dd", {}, reasonText(s.reason)),
      s.since && h("dt", {}, "Since"), s.since && h("dd", {}, time(s.since)),
      waits && h("dt", {}, "Waiting since"), waits && h("dd", {}, time(s.waiting_since)),
      t.rating && h("dt", {}, "Rating"), t.rating && h("dd", {}, stars(t.rating)),
      h("dt", {}, "Ticket"), h("dd.id", {}, t.id),
      t.previous && h("dt", {}, "Continues"), t.previous && h("dd.id", {}, t.previous)),
    h("div.actions", {},
      info.workflow_url && h("a.button", { href: info.workflow_url + t.conversation, target: "_blank", rel: "noopener" }, "Workflow in Temporal", icon("out"))),
    !t.closed && mine && h("section", {}, h("h3", {}, "This ticket"), h("div.actions", {},
      h("div.transfer", {}, h("select", {
        "aria-label": "Transfer to a colleague", disabled: !colleagues.length,
        onchange: (e) => { const to = e.target.value; e.target.selectedIndex = 0; act("transfer", { to }); },
      }, h("option", { value: "", disabled: true, selected: true }, "Transfer to"), colleagues.map((a) => h("option", { value: a.id }, a.name))),
      h("span.button", {}, colleagues.length ? "Transfer to a colleague" : "No colleague is online", icon("down"))),
      h("button.button", { type: "button", onclick: () => act("back") }, "Hand back to the bot"),
      h("div.pair", {},
        h("button.button", { type: "button", onclick: () => act("release") }, "Release"),
        h("button.button", { type: "button", onclick: () => act("close") }, "Close")))),
    !t.closed && mine && h("p.silence", {}, "Try it: say nothing. When the countdown ends, the conversation looks for somebody else by itself."),
  ]);
}

const sentence = (s) => s.charAt(0).toUpperCase() + s.slice(1);

// Writing.

function mode(note, message) {
  asNote = note;
  editing = message || null;
  $("#composer").classList.toggle("note", note);
  $("#mode-reply").setAttribute("aria-selected", String(!note));
  $("#mode-note").setAttribute("aria-selected", String(note));
  $("#mode-edit").hidden = !editing;
  $("#attach").hidden = note || !!editing;
  placeholder();
}
function placeholder() {
  $("#text").placeholder = asNote ? "Only agents see this" : ticket()?.mirrored ? "Write to take over" : "Write to the customer";
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
typing($("#text"), (on) => { if (writing()) post(`/tickets/${selected}/typing`, { agent: me, on }).catch(() => {}); });
$("#composer").onsubmit = (e) => {
  e.preventDefault();
  const text = $("#text").value.trim();
  if (!text) return;
  $("#text").value = "";
  fit();
  if (ticket()?.mirrored && !asNote) tab = "mine";
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
