import { $, h, themeButton, steps, STATES } from "./live.js";

$("#theme").append(themeButton());

// The five states light up one after the other.
let now = 0;
function line() {
  $("#line").replaceChildren(steps({ state: STATES[now], past: STATES.slice(0, now) }, true));
  now = (now + 1) % STATES.length;
}
line();
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) setInterval(line, 1800);

const info = await fetch("/playground/api/info").then((r) => r.json());
$("#workflows").href = `${info.workflows_url}?query=${encodeURIComponent('`WorkflowType`="Conversation"')}`;
$("#workflows").hidden = !info.workflows_url;
$("#timers").replaceChildren(...(info.timers || []).map((t) => h("div", {}, h("dt", {}, t.name), h("dd", {}, t.value))));
