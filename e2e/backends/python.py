# A small server with sentry-sdk: /backend/fail goes on with the page's trace and fails.
import http.server
import os
import signal
import sys
import threading

import sentry_sdk

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"], release="e2e-python@3.0.0", environment="e2e", traces_sample_rate=1.0)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_OPTIONS(self):
        self.answer(204)

    def do_GET(self):
        transaction = sentry_sdk.continue_trace(dict(self.headers), op="http.server", name="GET /backend/fail")
        with sentry_sdk.start_transaction(transaction):
            try:
                raise LookupError("the Python shelf is empty")
            except LookupError as error:
                sentry_sdk.capture_exception(error)
            self.answer(500)

    def answer(self, status):
        self.send_response(status)
        self.send_header("access-control-allow-origin", "*")
        self.send_header("access-control-allow-headers", "sentry-trace, baggage")
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def stop(*arguments):
    threading.Thread(target=server.shutdown).start()


signal.signal(signal.SIGTERM, stop)
print(f"listening on {server.server_port}")
sys.stdout.flush()
server.serve_forever()
sentry_sdk.flush(5)
