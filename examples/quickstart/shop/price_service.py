"""The price service itself: the real thing that the client talks to."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CENTS = {"apple": 30, "pear": 45}


class PriceHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        sku = self.path.removeprefix("/prices/")
        if sku in CENTS:
            self.answer(200, {"sku": sku, "cents": CENTS[sku], "currency": "EUR"})
        else:
            self.answer(404, {"error": "unknown article"})

    def answer(self, status, body):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *args):
        pass


def serve(port=0):
    return ThreadingHTTPServer(("127.0.0.1", port), PriceHandler)
