// A client for a customer's device: it says what the customer says, and hears what the customer is to see. It needs no
// library: fetch is enough, in browsers and in Node 18 or newer. connector/app/README.md is the whole contract.
//
//   const chat = new HandoffChat("https://handoff.example/v1/channels/app-shop", "u-42", () => askMyBackendForAToken());
//   chat.listen((event, data) => { if (data.text) show(data.author.role, data.text, data.buttons); });
//   await chat.say("I want to talk to a person");

export class HandoffChat {
  // getToken asks your own backend for a customer token: the api_token never leaves it.
  constructor(channel, key, getToken) {
    this.url = `${channel}/conversations/${key}`;
    this.getToken = getToken;
    this.stopping = new AbortController();
  }

  say(text) { return this.tell({ type: "customer.message", text }); }
  leave() { return this.tell({ type: "customer.left" }); }
  askForHuman(reason) { return this.tell({ type: "handoff.requested", reason }); }
  close() { this.stopping.abort(); }

  // tell sends an event until it is stored. Its id makes repeats harmless.
  async tell(event) {
    const body = JSON.stringify({ id: crypto.randomUUID(), ...event });
    for (let wait = 500; !this.stopping.signal.aborted; wait = Math.min(2 * wait, 30000)) {
      const answer = await this.call("/events", { method: "POST", body, headers: { "Content-Type": "application/json" } });
      if (answer?.ok) return;
      if (answer && answer.status < 500 && ![401, 408, 429].includes(answer.status)) throw new Error((await answer.json()).error);
      await this.pause(1000 * Number(answer?.headers.get("Retry-After")) || wait);
    }
    throw new Error("closed");
  }

  // listen calls hear for each event, through breaks of the network, until close.
  async listen(hear) {
    for (let last = "", wait = 500; !this.stopping.signal.aborted; wait = Math.min(2 * wait, 30000)) {
      const answer = await this.call("/stream", { headers: last ? { "Last-Event-ID": last } : {} });
      if (answer?.ok) {
        wait = 250;
        let rest = "";
        const text = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let part; (part = await text.read().catch(() => ({ done: true }))) && !part.done;) {
          const events = (rest + part.value).split("\n\n");
          rest = events.pop();
          for (const lines of events) {
            const field = Object.fromEntries(lines.split("\n").map((line) => [line.split(":", 1)[0], line.slice(line.indexOf(":") + 2)]));
            if (field.data) hear(field.event, JSON.parse(field.data));
            last = field.id ?? last;
          }
        }
      } else if (answer && answer.status < 500 && ![401, 408, 429].includes(answer.status)) throw new Error((await answer.json()).error);
      await this.pause(1000 * Number(answer?.headers.get("Retry-After")) || wait);
    }
  }

  // call makes one request with a token, or gives nothing if the network is down. A 401 drops the token for a new one.
  async call(path, options) {
    try {
      this.token ??= await this.getToken();
      const headers = { ...options.headers, Authorization: `Bearer ${this.token}` };
      const answer = await fetch(this.url + path, { ...options, headers, signal: this.stopping.signal });
      if (answer.status === 401) this.token = undefined;
      return answer;
    } catch { return undefined; }
  }

  pause(ms) { return new Promise((done) => { setTimeout(done, this.stopping.signal.aborted ? 0 : ms); }); }
}
