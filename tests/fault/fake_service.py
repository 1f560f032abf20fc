"""A process of the platform for tests: answers its health address, and misbehaves as told.

Run as ``python fake_service.py PORT [stubborn] [family] [broken]``.
"""

from __future__ import annotations

import http.server
import signal
import subprocess
import sys


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


def main() -> None:
    port, habits = int(sys.argv[1]), sys.argv[2:]
    if "broken" in habits:
        sys.exit("the fake service was told to fail")
    if "stubborn" in habits:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "family" in habits:
        subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    http.server.HTTPServer(("127.0.0.1", port), Health).serve_forever()


if __name__ == "__main__":
    main()
