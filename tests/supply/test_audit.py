"""The check for known vulnerabilities tells a hole from a service that gives no answer."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from supply import audit
from supply.bill import ROOT

LOCK = ROOT / "requirements" / "installer.txt"
HOLE = {
    "id": "PYSEC-0",
    "affected": [
        {
            "package": {"name": "uv", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


@pytest.fixture
def service():
    """A service of this machine: its address, what it was asked, and what it answers by package."""
    asked, answers = [], {}

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(query["package"]["name"])
            body = json.dumps(answers.get(asked[-1], {})).encode()
            self.send_response(answers.get("status", 200))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query", asked, answers
    server.shutdown()
    server.server_close()


def test_a_lock_without_known_holes_passes(service, capsys):
    address, asked, _ = service
    assert audit.audit([LOCK], ["--osv-url", address]) == audit.NOTHING_KNOWN
    assert {"uv", "hatchling", "editables"} <= set(asked)
    assert f"{len(asked)} packages looked up, 0 vulnerabilities" in capsys.readouterr().out


def test_a_known_hole_is_told_with_the_release_that_mends_it(service, capsys):
    address, _, answers = service
    answers["uv"] = {"vulns": [HOLE]}
    assert audit.audit([LOCK], ["--osv-url", address]) == audit.VULNERABLE
    said = capsys.readouterr().out
    assert "PYSEC-0, mended in 99.1" in said
    assert "1 vulnerabilities known" in said


@pytest.mark.parametrize("status", [None, 503])
def test_a_service_without_an_answer_is_one_message_and_its_own_exit_code(service, capsys, status):
    address, _, answers = service
    answers["status"] = status
    address = address if status else "http://127.0.0.1:1/v1/query"
    assert audit.audit([LOCK], ["--osv-url", address]) == audit.NOT_CHECKED
    said = capsys.readouterr().out
    assert said.startswith("Nothing was checked")
    assert len(said.splitlines()) == 2
    assert "Traceback" not in said


def test_a_package_that_was_not_looked_up_is_no_pass(monkeypatch, capsys):
    passed_over = {"name": "uv", "skip_reason": "not found"}
    looked_up = {"name": "hatchling", "version": "1", "vulns": []}
    told = json.dumps({"dependencies": [passed_over, looked_up]})
    monkeypatch.setattr(audit, "PIP_AUDIT", [sys.executable, "-c", f"print({told!r})"])
    assert audit.audit([], []) == audit.NOT_CHECKED
    assert "Not looked up: uv (not found)." in capsys.readouterr().out
