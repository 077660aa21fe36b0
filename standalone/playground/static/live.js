// What the pages share: elements, streams, repeats, the state's line.

/** Makes an element: h("p.soft", {title: "x"}, "text", child). */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const e = document.createElement(tag || "div");
  if (classes.length) e.className = classes.join(" ");
  for (const [k, v] of Object.entries(props)) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (k === "data") Object.assign(e.dataset, v);
    else e.setAttribute(k, v === true ? "" : v);
  }
  e.append(...children.flat().filter((c) => c !== undefined && c !== null && c !== false && c !== ""));
  return e;
}

export const $ = (selector) => document.querySelector(selector);

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  send: "M4.5 12h14m0 0-5.5-5.5M18.5 12 13 17.5",
  clip: "M20 11.5 12.3 19a5 5 0 0 1-7.1-7.1l8-7.9a3.3 3.3 0 0 1 4.7 4.7l-8 7.9a1.7 1.7 0 0 1-2.4-2.4l7.2-7.1",
  close: "M6 6l12 12M18 6 6 18",
  down: "M6 9.5l6 6 6-6",
  chat: "M5 5.5h14a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-7L7.5 20v-3.5H5A1.5 1.5 0 0 1 3.5 15V7A1.5 1.5 0 0 1 5 5.5z",
  out: "M14 5h5v5M19 5l-8 8M17 13.5V18a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1h4.5",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  back: "M19 12H5m0 0 6-6m-6 6 6 6",
  leaf: "M6 19C5 11 9 5.5 19 5c.5 9.5-4.5 14-11 13.5M6 19c1.5-4 4-7 7.5-9",
  sun: "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM12 2.5v1.5M12 20v1.5M4.5 12H3M21 12h-1.5M6.700 6.700 5.600 5.600M18.400 18.400l-1.100-1.100M6.700 17.300l-1.100 1.100M18.400 5.600l-1.100 1.100",
  note: "M6 4.5h12a1.5 1.5 0 0 1 1.5 1.5v8l-5 5.5H6A1.5 1.5 0 0 1 4.5 18V6A1.5 1.5 0 0 1 6 4.5zM14.5 19.5v-4a1.5 1.5 0 0 1 1.5-1.5h3.5",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  for (const [k, v] of [["fill", "none"], ["stroke", "currentColor"], ["stroke-width", name === "more" ? 3 : 1.7], ["stroke-linecap", "round"], ["stroke-linejoin", "round"]]) {
    path.setAttribute(k, v);
  }
  svg.append(path);
  return svg;
}

// The theme: the system's, unless the visitor chose.
const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => localStorage.getItem("handoff.theme");
const paint = () => { document.documentElement.dataset.theme = chosen() || (system.matches ? "dark" : "light"); };
paint();
system.addEventListener("change", paint);
addEventListener("storage", paint);
export function themeButton() {
  return h("button.button.quiet.icon", {
    type: "button", title: "Light or dark", "aria-label": "Switch between light and dark",
    onclick: () => {
      localStorage.setItem("handoff.theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
      paint();
    },
  }, icon("sun"));
}

export const api = "/playground/api";
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Posts once. An answer that is a refusal throws with its status. */
export async function post(path, body = {}) {
  const res = await fetch(api + path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const json = await res.json().catch(() => ({}));
  if (!res.ok) throw Object.assign(new Error(json.error || `answered ${res.status}`), { status: res.status });
  return json;
}

/** Posts until it is accepted or refused: a server that is away comes back. */
export async function postUntilTaken(path, body) {
  for (let wait = 300; ; wait = Math.min(wait * 2, 4000)) {
    try {
      return await post(path, body);
    } catch (e) {
      if (e.status && e.status < 500) throw e;
      await pause(wait);
    }
  }
}

/** Uploads a file and gives the reference to it. */
export async function upload(file) {
  const res = await fetch(`${api}/files?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
  const json = await res.json().catch(() => ({}));
  if (!res.ok) throw new Error(json.error || "The file could not be sent.");
  return json;
}

/**
 * Follows a stream of snapshots. Each is whole, so after an interruption the next
 * one is all that is needed. Gives a function that ends it.
 */
export function follow(path, onSnapshot, onGone) {
  const source = new EventSource(api + path);
  const banner = h("div.offline", { hidden: true, role: "status" }, "Reconnecting. Nothing is lost.");
  document.body.append(banner);
  let lost;
  source.addEventListener("snapshot", (e) => {
    clearTimeout(lost);
    banner.hidden = true;
    onSnapshot(JSON.parse(e.data));
  });
  source.addEventListener("open", () => { clearTimeout(lost); banner.hidden = true; });
  source.addEventListener("error", async () => {
    clearTimeout(lost);
    lost = setTimeout(() => { banner.hidden = false; }, 600);
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    const res = await fetch(api + path, { headers: { Accept: "text/event-stream" } }).catch(() => null);
    res?.body?.cancel();
    if (res?.status === 404 && onGone) { stop(); onGone(); return; }
    setTimeout(() => { if (!stopped) { stop(); stop = follow(path, onSnapshot, onGone); } }, 1000);
  });
  let stopped = false;
  let stop = () => { stopped = true; clearTimeout(lost); source.close(); banner.remove(); };
  return () => stop();
}

export const newID = () => "m-" + crypto.randomUUID();

export const STATES = ["bot", "waiting", "agent-assigned", "timed-out-reassign", "ended"];
const SHORT = { "bot": "bot", "waiting": "waiting", "agent-assigned": "agent", "timed-out-reassign": "reassign", "ended": "ended" };

const DEADLINES = {
  accept: "until somebody else is asked",
  first_reply: "for the agent's first words",
  agent_idle: "for the agent to answer",
  customer_idle_warning: "until a reminder",
  customer_idle: "until the chat is closed",
  max_wait: "until the bot takes over",
  wait_notice: "until the customer hears again",
  bot_idle: "until the chat is closed",
  linger: "late messages are still recognized",
  catch_up: "reading the desk once more",
};
export const deadlineText = (name) => DEADLINES[name] || (name || "").replaceAll("_", " ");

const REASONS = {
  bot_asked: "the bot asked for a human", customer_asked: "the customer asked for a human", operator: "an operator decided",
  agent: "the agent decided", bot_failed: "the bot failed", agent_took_it: "an agent took it", agent_spoke: "an agent answered", agent_joined_the_bot: "an agent stepped in",
  not_accepted_in_time: "nobody took it in time", no_first_reply_in_time: "no first words in time", agent_silent: "the agent fell silent",
  agent_offline: "the agent went away", agent_unassigned: "the agent let it go", customer_idle: "the customer fell silent",
  customer_left: "the customer left", customer_returned: "the customer came back", closed_by_desk: "the agent closed it",
  desk_failed: "the desk failed", nobody_available: "nobody was there", waited_too_long: "it took too long", bot_idle: "nobody said anything",
  bot_finished: "the bot was done",
};
export const reasonText = (reason) => REASONS[reason] || (reason || "").replaceAll("_", " ");

/** The owner of a conversation, in words. */
export function owner(status, agent) {
  switch (status.state) {
    case "bot": return "the bot";
    case "agent-assigned": return agent || status.agent || "an agent";
    case "ended": return "nobody any more";
    case "waiting": case "timed-out-reassign": return "nobody yet";
  }
  return "nobody";
}

export function pill(state) {
  return h("span.pill", { data: { state: state || "" } }, state || "not started");
}

/** The line of five steps; past states are filled, the present one glows. */
export function steps(status, long) {
  const now = STATES.indexOf(status.state);
  const past = new Set(status.past || []);
  return h("ol.steps", { "aria-label": "Progress of the conversation" }, STATES.map((s, i) => {
    const li = h("li", { data: { state: s }, title: s }, long ? s : SHORT[s]);
    if (i === now) { li.classList.add("now"); li.setAttribute("aria-current", "step"); }
    if (past.has(s) && i !== now) li.classList.add("past");
    if (i > 0 && i <= now) li.classList.add("reached");
    return li;
  }));
}

const ticking = new Set();
setInterval(() => { for (const t of ticking) if (!t()) ticking.delete(t); }, 250);

function clock(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** A countdown to an instant that ticks as long as it is on the page. */
export function countdown(at) {
  const until = new Date(at).getTime();
  const e = h("b.countdown");
  let shown = false;
  const tick = () => {
    if (shown && !e.isConnected) return false;
    shown ||= e.isConnected;
    const left = until - Date.now();
    e.textContent = clock(left);
    e.classList.toggle("soon", left < 10_000);
    return true;
  };
  tick();
  ticking.add(tick);
  return e;
}

export const time = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function initials(name) {
  return (name || "?").split(/\s+/).map((w) => w[0]).slice(0, 2).join("").toUpperCase();
}

const TONES = ["var(--agent-assigned)", "var(--bot)", "var(--timed-out-reassign)", "var(--waiting)"];
export function avatar(name) {
  const e = h("span.avatar", { "aria-hidden": "true" }, initials(name));
  let sum = 0;
  for (const c of name || "") sum = (sum * 31 + c.charCodeAt(0)) % 997;
  e.style.setProperty("--tone", TONES[sum % TONES.length]);
  return e;
}

/** A text with its links as links. */
export function linked(text) {
  return (text || "").split(/(https?:\/\/[^\s]+)/).map((part, i) =>
    i % 2 ? h("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, fileOf(part) || part) : part);
}
const fileOf = (url) => url.includes("/playground/files/") && decodeURIComponent(url.split("/").pop());

export function attachment(a) {
  const isImage = (a.content_type || "").startsWith("image/") || /\.(png|jpe?g|gif|webp)$/i.test(a.url);
  const link = { href: a.url, target: "_blank", rel: "noopener noreferrer" };
  if (isImage) return h("a.file", link, h("img", { src: a.url, alt: a.name || "a picture", loading: "lazy" }));
  return h("a.file.plain", link, a.name || "a file");
}

/** Shows the buttons below the last message: an answer is said when it is pressed, a link is opened. */
export function renderQuick(buttons, key, say) {
  const row = $("#quick");
  if (row.dataset.key === key) return;
  row.dataset.key = key;
  row.replaceChildren(...buttons.map((b) => /^https?:\/\//.test(b.url || "")
    ? h("a", { href: b.url, target: "_blank", rel: "noopener noreferrer" }, b.label)
    : h("button", { type: "button", onclick: () => say(b.value || b.label) }, b.label)));
}

/**
 * Shows a list so that what is already there stays as it is: entries are
 * {id, key, make}; a changed key makes the element anew.
 */
export function renderList(list, entries, animate) {
  const old = new Map([...list.children].map((e) => [e.dataset.id, e]));
  let place = list.firstElementChild;
  for (const { id, key, make } of entries) {
    let e = old.get(id);
    if (!e || e.dataset.key !== key) {
      const made = make();
      made.dataset.id = id;
      made.dataset.key = key;
      if (!e && animate) made.classList.add("fresh");
      if (e) { if (place === e) place = e.nextElementSibling; e.remove(); }
      e = made;
    }
    old.delete(id);
    if (e === place) place = place.nextElementSibling;
    else list.insertBefore(e, place);
  }
  for (const e of old.values()) e.remove();
}

/** Keeps a list at its end, unless the reader went up. Gives a function that goes to the end. */
export function pinned(scroll, list) {
  let end = true, last = 0;
  scroll.addEventListener("scroll", () => {
    const near = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 90;
    // Only going up leaves the end: the list may have grown since it was scrolled.
    if (near) end = true;
    else if (scroll.scrollTop < last - 2) end = false;
    last = scroll.scrollTop;
  }, { passive: true });
  const toEnd = () => { end = true; scroll.scrollTop = scroll.scrollHeight; };
  const grew = new ResizeObserver(() => { if (end) toEnd(); });
  grew.observe(list);
  grew.observe(scroll);
  return toEnd;
}

/** A text field that grows, sends on Enter and breaks lines on Shift+Enter. */
export function growing(field, send) {
  const fit = () => { field.style.height = "auto"; field.style.height = Math.min(field.scrollHeight, 140) + "px"; };
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); send(); }
  });
  return fit;
}

/** Calls tell(true) while somebody types, and tell(false) when they stop. */
export function typing(field, tell) {
  let last = 0, stop;
  field.addEventListener("input", () => {
    clearTimeout(stop);
    if (!field.value.trim()) { if (last) { last = 0; tell(false); } return; }
    if (Date.now() - last > 2500) { last = Date.now(); tell(true); }
    stop = setTimeout(() => { last = 0; tell(false); }, 4000);
  });
}
