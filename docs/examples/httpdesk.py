#!/usr/bin/env python3
"""A desk in a terminal for handoff (vendor httpdesk).

Run: SECRET=... HANDOFF=http://127.0.0.1:8080/webhooks/own-desk python3 httpdesk.py, and set url: http://127.0.0.1:9200/
Then answer ticket 1 with "1 Hello", and do more with "1 /note ...", "1 /leave", "1 /bot" and "1 /close".
"""
import base64, hashlib, hmac, json, os, sys, threading, time, urllib.error, urllib.request, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET, HANDOFF = os.environ["SECRET"], os.environ["HANDOFF"]
KEY = base64.b64decode(SECRET[6:]) if SECRET.startswith("whsec_") else SECRET.encode()
AGENT = {"id": os.environ.get("USER", "agent"), "name": os.environ.get("AGENT", "Robin")}
TICKETS, TAKEN, LOCK = [], set(), threading.Lock()  # a real desk keeps both where its other data is

def signature(id, at, body):
    return "v1," + base64.b64encode(hmac.digest(KEY, f"{id}.{at}.".encode() + body, hashlib.sha256)).decode()

def signed(headers, body):
    id, at = headers.get("Webhook-Id", ""), headers.get("Webhook-Timestamp", "0")
    given = headers.get("Webhook-Signature", "").split()
    return at.isdigit() and abs(time.time() - int(at)) <= 300 and any([hmac.compare_digest(signature(id, at, body), s) for s in given])

def show(ticket, who, text):
    print(f"[{TICKETS.index(ticket) + 1}] {who}: {text}", flush=True)

def told(kind, data):
    """Does what a webhook tells, and gives the status of the answer."""
    ticket = data.get("ticket")
    if kind == "ping":
        return 204
    if kind == "ticket.opened":
        if ticket not in TICKETS:
            TICKETS.append(ticket)
            for line in data.get("transcript", []):
                show(ticket, line["author"]["role"], line.get("text") or line["attachment"].get("url", "a place"))
        show(ticket, "handoff", "somebody is asked for")
    elif ticket not in TICKETS:
        return 404
    elif kind == "message.created":
        show(ticket, "customer", data["text"])
    elif kind == "note.created":
        show(ticket, "handoff", data["text"])
    elif kind == "ticket.closed":
        show(ticket, "handoff", "closed by " + data["by"])
    else:
        return 501  # handoff does without: a file comes as a link, an edit as a new message
    return 204

class Desk(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not signed(self.headers, body):
            return self.send_error(401)
        webhook, id = json.loads(body), self.headers["Webhook-Id"]
        with LOCK:
            status = 204 if id in TAKEN else told(webhook["type"], webhook["data"])
            if status == 204 and webhook["type"] != "ping":
                TAKEN.add(id)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass

def tell(kind, ticket, **data):
    """Sends an event, again and again, until it is stored."""
    body = json.dumps({"type": kind, "data": {"ticket": ticket, "agent": AGENT, **data}}).encode()
    id, pause = "evt-" + uuid.uuid4().hex, 0.5
    while True:
        at = str(int(time.time()))
        headers = {"Content-Type": "application/json", "Webhook-Id": id, "Webhook-Timestamp": at, "Webhook-Signature": signature(id, at, body)}
        try:
            return urllib.request.urlopen(urllib.request.Request(HANDOFF, body, headers), timeout=10).close()
        except urllib.error.HTTPError as e:
            if e.code < 500 and e.code != 429:
                return print("refused:", e.read().decode(), flush=True)
        except OSError:
            pass
        time.sleep(pause)
        pause = min(2 * pause, 30)

if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9200"))), Desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    for line in sys.stdin:
        number, _, text = line.strip().partition(" ")
        if not number.isdigit() or not 0 < int(number) <= len(TICKETS):
            print("write the ticket's number and your answer: 1 Hello", flush=True)
            continue
        command, _, note = text.partition(" ")
        ticket, kind = TICKETS[int(number) - 1], {"/leave": "agent.left", "/bot": "ticket.back_to_bot", "/close": "ticket.closed"}.get(command)
        if kind:
            tell(kind, ticket)
        elif command == "/note":
            tell("agent.note", ticket, text=note)
        else:
            tell("agent.message", ticket, text=text)
