"""Where the results of `ggrec drift` go: reports, metrics, a webhook, a watch that stays."""

import json
import re
import signal
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cli.drift_outputs import Metrics
from reconciler.cli.watching import Waiting, health, serving, watch_drift
from reconciler.core.errors import GgrecError
from tests.cli.command import Folder
from tests.cli.people import edit

BOARD = Path(__file__).parents[2] / "desired" / "dashboards" / "grafana-drift.yaml"
CATALOGUE = Path(__file__).parents[2] / "desired" / "metrics.yaml"


def test_the_reports_say_the_same_in_every_form(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", "<script>alert(1)</script>", title="ORDERS")
    names = ("r.txt", "r.json", "r.md", "r.html")
    applied.ggrec("drift", *(part for name in names for part in ("--report", name)))
    texts = {name: (applied.path / name).read_text("utf-8") for name in names}
    assert all("dashboard.orders" in text and "bob" in text for text in texts.values())
    assert "<script>" not in texts["r.html"]
    used = set(re.findall(r'<span class="([a-z-]+)">', texts["r.html"])) - {"plain", "head", "facts"}
    assert used and all(f".{name}" in texts["r.html"] for name in used | {"add-word", "remove-word"})
    assert json.loads(texts["r.json"])["format"] == "ggrec/drift/v1"


def test_the_metrics_parse_and_a_failed_check_keeps_the_last_success(applied: Folder, sandbox: Any) -> None:
    parser = pytest.importorskip("prometheus_client.parser")

    def read() -> dict[str, float]:
        """What each series says, by the family's name and the labels that are not the instance's."""
        text = (applied.path / "m.prom").read_text("utf-8")
        found = {}
        for family in parser.text_string_to_metric_families(text):
            for sample in family.samples:
                assert sample.labels.pop("instance_name") == "sandbox"
                found["/".join([sample.name, *sample.labels.values()])] = sample.value
        return found

    assert applied.ggrec("drift", "--metrics", "m.prom").code == 0
    clean = read()
    counts = {name for name in clean if "objects/" in name or "changes/" in name}
    assert len(counts) > 100 and not any(clean[name] for name in counts)  # a number of each, and all of them 0
    edit(sandbox, "bob", title="ORDERS")
    applied.ggrec("drift", "--metrics", "m.prom")
    before = read()
    assert before.keys() == clean.keys()
    assert {name for name in counts if before[name]} == {
        "ggrec_drift_objects/dashboard/open/1h",
        "ggrec_drift_changes/cosmetic",
    }
    assert before["ggrec_drift_objects/dashboard/open/1h"] == before["ggrec_drift_changes/cosmetic"] == 1
    assert before["ggrec_drift_could_not_tell"] == 0
    sandbox.faults.add("status", 401, method="GET", path="*", count=None)
    assert applied.ggrec("drift", "--metrics", "m.prom").code == 1
    after = read()
    assert after["ggrec_drift_could_not_tell"] == 1
    assert after["ggrec_drift_last_success_timestamp_seconds"] == before["ggrec_drift_last_success_timestamp_seconds"]


def test_the_webhook_hears_news_only_and_its_address_is_never_shown(applied: Folder, sandbox: Any) -> None:
    heard: list[Any] = []
    status = [200]

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status[0])
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    applied.environment["HOOK"] = f"http://127.0.0.1:{server.server_port}/s3cret-path"
    given = ("drift", "--webhook", "${env:HOOK}")
    try:
        edit(sandbox, "bob", title="<ORDERS>")
        outputs = [applied.ggrec(*given), applied.ggrec(*given)]
        assert len(heard) == 1
        assert "dashboard.orders" in heard[0]["text"]
        edit(sandbox, "bob", title="Once more")
        status[0] = 500
        outputs.append(applied.ggrec(*given))
        status[0] = 307
        outputs.append(applied.ggrec(*given))
        assert applied.ggrec("drift").code == 2  # without a webhook: told nobody
        status[0] = 200
        outputs += [applied.ggrec(*given), applied.ggrec(*given)]
        assert [item["text"].splitlines()[1][:10] for item in heard[1:]] == ["1 changed ", "The same 1", "The same 1"]
    finally:
        server.shutdown()
        server.server_close()
    outputs.append(applied.ggrec(*given, "--webhook-always"))
    assert {ended.code for ended in outputs} == {2}
    assert "the webhook answered 500" in outputs[2].out
    assert "answered 307, and leads elsewhere, which is not followed" in outputs[3].out
    assert "could not be reached" in outputs[-1].out
    assert not any("s3cret-path" in ended.out + ended.err for ended in outputs)


def test_a_file_that_cannot_be_written_hides_nothing(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    ended = applied.ggrec("drift", "--metrics", "no/m.prom", "--report", "no/r.md", "--report", "r.md")
    assert ended.code == 1
    assert "dashboard.orders" in ended.out
    assert "no/m.prom" in ended.err and "no/r.md" in ended.err
    assert "dashboard.orders" in (applied.path / "r.md").read_text("utf-8")


class Rounds(Waiting):
    """A wait that ends a watch after some rounds, and sleeps never."""

    def __init__(self, most: int) -> None:
        super().__init__(chance=lambda: 0.5)
        self.waited: list[float] = []
        self.most = most

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return len(self.waited) >= self.most


class Failing:
    """Checks of which the first fails."""

    def __init__(self) -> None:
        self.made = self.ended = 0

    def __call__(self) -> Any:
        self.made += 1
        return self

    def check(self) -> str:
        if self.made == 1:
            raise GgrecError.one("unreachable", "no answer")
        self.ended += 1
        return "report"


def test_a_failing_round_does_not_end_the_watch(capsys: pytest.CaptureFixture[str]) -> None:
    checks, waiting = Failing(), Rounds(3)
    assert watch_drift(checks, Metrics("x"), every=600, listen=None, waiting=waiting) == 0
    assert (checks.made, checks.ended) == (3, 2)
    assert waiting.waited == [630.0] * 3
    assert "the next one comes as usual" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_the_watch_after_the_check_under_way(number: int, code: int) -> None:
    class Signalled(Failing):
        def check(self) -> str:
            signal.raise_signal(number)
            self.ended += 1
            return "report"

    checks = Signalled()
    assert watch_drift(checks, Metrics("x"), every=600, listen=None, waiting=Rounds(9)) == code
    assert (checks.made, checks.ended) == (1, 1)


def test_health_fails_when_the_last_success_is_too_old() -> None:
    metrics = Metrics("x")
    assert health(metrics, 100.0, 0.0, 60.0) == (True, "ok: no success yet, checked every 60 s\n")
    assert not health(metrics, 181.0, 0.0, 60.0)[0]
    metrics.last_success = 150.0
    assert health(metrics, 181.0, 0.0, 60.0)[0]


def test_metrics_and_health_are_served() -> None:
    metrics, well = Metrics("x"), [True]
    metrics.checked(None, now=0.0, seconds=1.0)
    with serving("127.0.0.1:0", metrics, lambda: (well[0], "words\n")) as address:
        assert "ggrec_drift_could_not_tell" in httpx.get(f"{address}/metrics").text
        assert httpx.get(f"{address}/health").status_code == 200
        well[0] = False
        assert httpx.get(f"{address}/health").status_code == 503
        assert httpx.get(f"{address}/").status_code == 404


def test_the_dashboard_and_the_catalogue_name_the_metrics_that_there_are() -> None:
    asked = set(re.findall(r"ggrec_drift_\w+", BOARD.read_text("utf-8")))
    declared = set(re.findall(r"(?m)^    (ggrec_drift_\w+):$", CATALOGUE.read_text("utf-8")))
    source = (Path(__file__).parents[2] / "reconciler/render/drift_forms.py").read_text("utf-8")
    written = {f"ggrec_drift_{name}" for name in re.findall(r'out\.(?:one|many)\(\s*"(\w+)"', source)}
    assert len(asked) > 4 and len(written) == 10
    assert asked <= written == declared
