#!/usr/bin/env python3
"""A chatbot for handoff (vendor httpbot). Run: SECRET=... PORT=9100 python3 httpbot.py; then url: http://127.0.0.1:9100/"""
import base64, hashlib, hmac, json, os, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["SECRET"]
KEY = base64.b64decode(SECRET[6:]) if SECRET.startswith("whsec_") else SECRET.encode()
ANSWERS, LOCK = {}, threading.Lock()  # answers by key: a real bot keeps them for a day, where its other data is

def answer(ask):
    text, turns = ask.get("text", ""), (ask.get("session") or {}).get("turns", 0) + 1
    if ask["type"] != "message":  # a ping, or a type of the future
        return {}
    if "human" in text.lower():
        return {"messages": [{"text": "I get a colleague."}], "handoff": {"reason": "asked for a human"}}
    return {"messages": [{"text": f"You said: {text} ({turns})"}], "session": {"turns": turns}}

class Bot(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key, at = self.headers.get("Webhook-Id", ""), self.headers.get("Webhook-Timestamp", "0")
        want = "v1," + base64.b64encode(hmac.digest(KEY, f"{key}.{at}.".encode() + body, hashlib.sha256)).decode()
        signed = [hmac.compare_digest(want, s) for s in self.headers.get("Webhook-Signature", "").split()]
        if not any(signed) or abs(time.time() - int(at)) > 300:
            return self.send_error(401)
        with LOCK:
            if key not in ANSWERS:
                ANSWERS[key] = answer(json.loads(body))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(ANSWERS[key]).encode())

if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9100"))), Bot)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
