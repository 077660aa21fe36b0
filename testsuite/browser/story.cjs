// One handoff, seen from both sides. Run by browser_test.go, in two parts with one profile: the process is killed between
// them. Usage: node story.cjs <before|after> <base address> <profile directory> <pictures directory>
const { chromium } = require("playwright-core");

const [part, base, profile, pictures] = process.argv.slice(2);
const sizes = { desktop: { width: 1380, height: 860 }, phone: { width: 360, height: 740 } };

async function main() {
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"], viewport: sizes.desktop,
  });
  const problems = [];
  const open = async (name) => {
    const page = await browser.newPage();
    page.on("pageerror", (e) => problems.push(`${name}: ${e.message}`));
    page.on("console", (m) => { if (m.type() === "error") problems.push(`${name}: ${m.text()}`); });
    page.on("request", (r) => { if (!r.url().startsWith(base) && !r.url().startsWith("data:")) problems.push(`${name} asks elsewhere: ${r.url()}`); });
    await page.goto(`${base}/playground/${name}`);
    return page;
  };
  const picture = async (page, name) => {
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport);
      await page.waitForTimeout(300); // movement ends
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (wide) problems.push(`${name} is wider than a ${size}`);
      await page.screenshot({ path: `${pictures}/${name}-${size}.png` });
    }
    await page.setViewportSize(sizes.desktop);
  };
  const customer = await open("customer");
  const agent = await open("agent");
  const say = async (page, text) => { await page.fill("#text", text); await page.press("#text", "Enter"); };
  const state = (s) => customer.waitForSelector(`#status .pill[data-state="${s}"]`);
  const shown = (page, text) => page.locator(".messages .bubble", { hasText: text }).first().waitFor();

  const change = (page, text, how) => page.locator(".said", { hasText: text }).locator(".own button", { hasText: how }).click();

  // An agent who reads along writes, and has the customer.
  const barge = async () => {
    await agent.locator(".tabs button", { hasText: "Waiting" }).click();
    await agent.locator(".ticket", { hasText: "opening hours" }).click();
    await shown(agent, "Monday to Saturday");
    await say(agent, "And on Sunday by appointment.");
    await state("agent-assigned");
    await shown(customer, "by appointment");
    await agent.locator("button", { hasText: "Hand back to the bot" }).click();
    await state("bot");
  };

  // A team's own app, at the same desk.
  const ownApp = async () => {
    const app = await open("app");
    const appState = (s) => app.waitForSelector(`#pill .pill[data-state="${s}"]`);
    await say(app, "My pot arrived broken");
    await appState("waiting");
    await agent.locator(".tabs button", { hasText: "Waiting" }).click();
    await agent.locator(".ticket", { hasText: "My pot" }).click();
    await shown(agent, "My pot arrived broken");
    await agent.locator("#take button").click();
    await appState("agent-assigned");
    await agent.locator("#text").pressSequentially("A new one", { delay: 350 }); // a notice is sent every 2.5 seconds
    await app.locator(".dots").waitFor();
    await say(agent, "A new one is on its way.");
    await shown(app, "on its way");
    await app.reload();
    await shown(app, "on its way");
    await picture(app, "app");
    await app.locator("#leave").click();
    await appState("ended");
    await app.locator("#fresh").click();
    await shown(app, "asks for a human");
  };

  // A team's own site, at the team's own desk.
  const ownDesk = async () => {
    const site = await open("app?at=own-desk");
    const desk = await open("own-desk");
    const siteState = (s) => site.waitForSelector(`#pill .pill[data-state="${s}"]`);
    await say(site, "The saucer is missing");
    await desk.locator(".ticket").click();
    await shown(desk, "The saucer is missing");
    await desk.locator("#take button").click();
    await siteState("agent-assigned");
    await desk.locator("#text").pressSequentially("I send", { delay: 350 });
    await site.locator(".dots").waitFor();
    await say(desk, "I send you a saucr.");
    await shown(site, "a saucr");
    await desk.locator(".own button", { hasText: "Edit" }).click();
    await say(desk, "I send you a saucer.");
    await shown(site, "a saucer");
    await desk.locator("#mode-note").click();
    await say(desk, "the third this week");
    await shown(desk, "the third this week");
    await say(site, "How kind");
    await shown(desk, "How kind");
    if (await site.getByText("the third this week").count()) problems.push("the customer sees a private note");
    await desk.locator("#wire summary", { hasText: "agent.note" }).click();
    await picture(desk, "own-desk");
    await desk.locator("button", { hasText: /^Close$/ }).click();
    await siteState("ended");
    await desk.locator(".rule", { hasText: "closed by Robin" }).waitFor();
  };

  if (part === "before") {
    await customer.locator(".quick button", { hasText: "Where is my order?" }).click();
    await shown(customer, "What is your order number");
    await agent.locator(".tickets .rule", { hasText: "With the bot" }).waitFor(); // agents read along
    await agent.locator(".ticket").click();
    await shown(agent, "What is your order number");
    await agent.locator("#take", { hasText: "The bot has this customer" }).waitFor();
    await picture(agent, "along");
    await say(customer, "human");
    await state("waiting");
    await agent.locator("#take", { hasText: "Nobody has this ticket" }).waitFor();
    await picture(customer, "waiting");
    await agent.locator("#take button").click();
    await state("agent-assigned");
    await say(agent, "Hello, I am looking at it.");
    await shown(customer, "I am looking at it");
    await agent.locator(".meta", { hasText: "read" }).waitFor();
    await say(agent, "It is in Brelin.");
    await say(agent, "Oops, not for you.");
    await shown(customer, "not for you");
    await change(agent, "in Brelin", "Edit");
    await say(agent, "It is in Berlin.");
    await shown(customer, "in Berlin");
    await change(agent, "not for you", "Delete");
    await customer.locator(".said.gone").waitFor();
    if (await customer.getByText(/Brelin|not for you/).count()) problems.push("the customer sees what was changed or deleted");
    await agent.locator("#mode-note").click();
    await say(agent, "between us agents");
    await shown(agent, "between us agents");
    await say(customer, "thank you");
    await shown(agent, "thank you");
    await customer.locator(".meta", { hasText: "read" }).waitFor();
    if (await customer.getByText("between us agents").count()) problems.push("the customer sees a private note");
    await picture(agent, "desk");
  } else {
    await state("agent-assigned");
    await shown(customer, "I am looking at it");
    await shown(customer, "thank you");
    await agent.locator(".tabs button", { hasText: "Mine" }).click();
    await agent.locator(".ticket").click();
    await say(agent, "Still here.");
    await shown(customer, "Still here.");
    await picture(customer, "after");
    await agent.locator("button", { hasText: "Hand back to the bot" }).click();
    await state("bot");
    await picture(customer, "survey");
    await customer.locator(".rate button", { hasText: "4" }).click();
    await shown(customer, "Thank you for telling us");
    await agent.locator(".side .stars[aria-label='4 of 5']").waitFor();
    await picture(agent, "rated");
    await say(customer, "opening hours");
    await shown(customer, "Monday to Saturday");
    await barge();
    const twice = await customer.locator(".messages .bubble").allTextContents();
    for (const text of ["I am looking at it", "thank you", "Still here."]) {
      const n = twice.filter((t) => t.includes(text)).length;
      if (n !== 1) problems.push(`"${text}" is shown ${n} times`);
    }
    await ownApp();
    await ownDesk();
  }
  await browser.close();
  if (problems.length) throw new Error(problems.join("\n"));
}

main().catch((e) => { console.error(e.message); process.exit(1); });
