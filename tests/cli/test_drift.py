"""`ggrec drift` as people meet it: who changed what, its life, acknowledgements, and where its results go."""

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
from tests.cli.command import DESIRED, Ended, Folder

BOARD = Path(__file__).parents[2] / "examples" / "drift" / "grafana-drift.yaml"


@pytest.fixture
def applied(project: Folder, sandbox: Any) -> Folder:
    """Everything applied, and two people who may edit."""
    assert project.ggrec("apply", "--auto-approve").code == 0
    for name in ("bob", "carol"):
        sandbox.world.add_user(name, f"{name}@example.org", password="pw", role="Admin")
    return project


def edit(sandbox: Any, who: str, message: str = "", /, **keys: Any) -> None:
    """Somebody saves the dashboard with other keys."""
    auth = (who, "pw")
    found = httpx.get(f"{sandbox.url}/api/dashboards/uid/orders", auth=auth).json()
    body = {"dashboard": {**found["dashboard"], **keys}, "folderUid": "ops", "message": message}
    assert httpx.post(f"{sandbox.url}/api/dashboards/db", auth=auth, json=body).status_code == 200


def live(sandbox: Any) -> dict[str, Any]:
    """The dashboard as Grafana has it."""
    answer = httpx.get(f"{sandbox.url}/api/dashboards/uid/orders", auth=("admin", "admin"))
    found: dict[str, Any] = answer.json()["dashboard"]
    return found


def ack(project: Folder, *more: str, until: str = "2099-12-31") -> Ended:
    ended = project.ggrec("drift", "ack", "dashboard.orders", "--reason", "for now", "--until", until, *more)
    assert ended.code == 0, ended.err
    return ended


def ended_long_ago(project: Folder) -> None:
    """Its day has passed."""
    path = project.path / "acknowledged.yaml"
    path.write_text(path.read_text("utf-8").replace("2099-12-31", "2020-01-31"), "utf-8")


def test_each_save_has_its_editor_its_message_and_its_own_edits(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", "shout", title="ORDERS")
    edit(sandbox, "carol", "again", tags=["x"])
    edit(sandbox, "bob", "nobody's", refresh="5s")
    before = len(sandbox.requests)
    ended = applied.ggrec("drift", "--json")
    assert {seen.method for seen in sandbox.requests[before:]} == {"GET"}
    (found,) = ended.json["drift"]
    saves = [(s["who"], s["message"], [e["path"] for e in s["edits"]]) for s in found["saves"]]
    assert saves[0] == ("bob", "shout", ["dashboard.title"])
    assert saves[1][:2] == ("carol", "again")
    assert all(path.startswith("dashboard.tags") for path in saves[1][2])
    assert saves[2] == ("bob", "nobody's", [])  # an interval of a viewer: nothing that counts
    assert found["notAttributable"] == []
    assert (found["versionBefore"], found["versionAfter"]) == (1, 4)


def test_the_page_of_versions_is_followed(applied: Folder, sandbox: Any) -> None:
    for number in range(8):
        edit(sandbox, "bob", title=f"Orders {number}")
    (found,) = applied.ggrec("drift", "--json").json["drift"]
    assert [save["versionAfter"] for save in found["saves"]] == list(range(2, 10))


def test_what_the_server_does_not_tell_is_not_attributable(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    sandbox.faults.add("status", 403, method="GET", path="/api/dashboards/uid/orders/versions", count=None)
    ended = applied.ggrec("drift")
    assert ended.code == 2
    assert "not attributable" in ended.out
    assert 'title  "Orders" → "ORDERS"' in ended.out


def test_the_second_check_says_what_is_the_same_and_the_third_what_went(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    assert "new: first seen now" in applied.ggrec("drift").out
    assert re.search(r"The same 1 as .*, 0 new\.", applied.ggrec("drift").out)
    edit(sandbox, "carol", title="Orders!")
    assert "changed again since the last check" in applied.ggrec("drift").out
    edit(sandbox, "bob", title="Orders")
    ended = applied.ggrec("drift")
    assert ended.code == 0
    assert "✓ dashboard.orders" in ended.out
    assert "No longer different" not in applied.ggrec("drift").out


def test_nothing_is_called_recovered_while_it_cannot_be_read(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    applied.ggrec("drift")
    fault = {"method": "GET", "path": "/apis/dashboard.grafana.app/*", "count": None}
    sandbox.faults.add("status", 403, **fault)
    sandbox.faults.add("status", 403, method="GET", path="/api/dashboards/*", count=None)
    sandbox.faults.add("status", 403, method="GET", path="/api/search*", count=None)
    ended = applied.ggrec("drift", "--json")
    assert (ended.code, ended.json["verdict"], ended.json["recovered"]) == (6, "could-not-tell", [])


def test_a_life_that_is_lost_or_damaged_costs_nothing_else(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    applied.ggrec("drift")
    applied.write("state/drift.json", '{"format": 1, "seen": 7}')
    assert "the first check that is remembered" in applied.ggrec("drift").out


def test_an_acknowledged_edit_is_left_by_apply_and_shown_by_plan_until_its_day(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    ack(applied)
    ended = applied.ggrec("drift")
    assert ended.code == 0
    assert "Nothing to alarm about" in ended.out
    shown = applied.ggrec("plan", "--detailed-exitcode")
    assert shown.code == 0
    assert "left as it is, acknowledged by" in shown.out
    applied.ggrec("apply", "--auto-approve")
    assert live(sandbox)["title"] == "ORDERS"
    ended_long_ago(applied)
    ended = applied.ggrec("drift")
    assert ended.code == 2
    assert "Acknowledged, and the day has passed (1)" in ended.out
    assert "acknowledged.yaml:5:5" in ended.out
    applied.ggrec("apply", "--auto-approve")
    assert live(sandbox)["title"] == "Orders"


@pytest.mark.parametrize("way", ["ended", "unack"])
def test_a_part_is_held_beside_what_is_put_back_and_comes_back_after(applied: Folder, sandbox: Any, way: str) -> None:
    edit(sandbox, "bob", title="ORDERS", tags=["x"])
    ack(applied, "--path", "tags")
    assert applied.ggrec("drift").code == 2
    assert applied.ggrec("apply", "--auto-approve").code == 0
    assert (live(sandbox)["title"], live(sandbox)["tags"]) == ("Orders", ["x"])
    shown = applied.ggrec("plan")
    assert "Held in Grafana" in shown.out
    assert "acknowledged until 2099-12-31" in shown.out
    if way == "ended":
        ended_long_ago(applied)
    else:
        assert applied.ggrec("drift", "unack", "dashboard.orders").code == 0
    assert applied.ggrec("drift").code == 2
    assert "puts back what is acknowledged no longer" in applied.ggrec("apply", "--auto-approve").out
    assert live(sandbox)["tags"] == ["shop"]
    assert applied.ggrec("drift").code == 0
    assert applied.ggrec("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(("on_drift", "code", "tags"), [("fail", 3, ["x"]), ("revert", 0, ["shop"])])
def test_after_the_day_the_lifecycle_decides(
    applied: Folder, sandbox: Any, on_drift: str, code: int, tags: list[str]
) -> None:
    edit(sandbox, "bob", title="ORDERS", tags=["x"])
    ack(applied, "--path", "tags")
    applied.ggrec("apply", "--auto-approve")
    ended_long_ago(applied)
    lifecycle = f"metadata: {{name: orders, lifecycle: {{on_drift: {on_drift}}}}}"
    applied.write("desired/all.yaml", DESIRED.replace("metadata: {name: orders}", lifecycle))
    assert applied.ggrec("apply", "--auto-approve").code == code
    assert live(sandbox)["tags"] == tags


def test_what_the_author_changes_elsewhere_goes_beside_an_acknowledged_edit(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    ack(applied)
    applied.write("desired/all.yaml", DESIRED.replace("[shop]", "[shop, new]"))
    assert applied.ggrec("apply", "--auto-approve").code == 0
    assert (live(sandbox)["title"], live(sandbox)["tags"]) == ("ORDERS", ["shop", "new"])
    assert "Held in Grafana" in applied.ggrec("plan").out


def test_a_deletion_can_be_acknowledged(applied: Folder, sandbox: Any) -> None:
    httpx.delete(f"{sandbox.url}/api/dashboards/uid/orders", auth=("bob", "pw"))
    assert applied.ggrec("drift").code == 2
    ack(applied)
    assert applied.ggrec("drift").code == 0
    applied.ggrec("apply", "--auto-approve")
    assert httpx.get(f"{sandbox.url}/api/dashboards/uid/orders", auth=("bob", "pw")).status_code == 404


def test_comments_stay_when_an_entry_comes_and_goes(applied: Folder) -> None:
    ack(applied)
    path = applied.path / "acknowledged.yaml"
    path.write_text(path.read_text("utf-8") + "  # asked for by finance\n", "utf-8")
    ack(applied, "--path", "title")
    assert "# asked for by finance" in path.read_text("utf-8")
    assert "dashboard.orders title" in applied.ggrec("drift", "acks").out
    assert applied.ggrec("drift", "unack", "dashboard.orders", "--path", "title").code == 0
    assert len(applied.ggrec("drift", "acks", "--json").json["acknowledged"]) == 1


def test_all_that_is_wrong_in_the_file_is_said_with_its_place(applied: Folder) -> None:
    entries = (
        "  - {address: orders, reason: x, until: 2027-01-31}\n"
        "  - {address: dashboard.orders, reason: x, until: 2027-02-30}\n"
        "  - {address: dashboard.orders, reson: x, until: 2027-01-31}\n"
    )
    head = "apiVersion: ggrec/v1\nkind: Acknowledgements\nacknowledged:\n"
    applied.write("acknowledged.yaml", head + entries)
    for command in (["drift"], ["plan"]):
        ended = applied.ggrec(*command)
        assert ended.code == 1
        places = ("acknowledged.yaml:4:", "acknowledged.yaml:5:", "acknowledged.yaml:6:", "no day 2027-02-30", "reason")
        assert all(text in ended.err for text in places), ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["ack", "dashboard.none", "--reason", "x", "--until", "2099-01-01"], 1, "not in the state"),
        (["ack", "dashboard.orders", "--reason", "x", "--until", "2020-01-01"], 64, "has passed"),
        (["ack", "dashboard.orders", "--reason", "x", "--until", "soon"], 64, "YYYY-MM-DD"),
        (["ack", "dashboard.orders", "--reason", " ", "--until", "2099-01-01"], 64, "say why"),
        (["unack", "dashboard.orders"], 1, "drift acks"),
        (["--report", "x.pdf"], 64, "--format"),
        (["--listen", "127.0.0.1:0"], 64, "--watch"),
        (["--webhook-always"], 64, "--webhook"),
        (["--webhook", "ftp://secret.example"], 64, "no http(s) address"),
    ],
)
def test_wrong_input_is_told_why(applied: Folder, arguments: list[str], code: int, says: str) -> None:
    ended = applied.ggrec("drift", *arguments)
    assert ended.code == code
    assert says in ended.err
    assert "secret.example" not in ended.err


def test_the_reports_say_the_same_in_every_form(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", "<script>alert(1)</script>", title="ORDERS")
    names = ("r.txt", "r.json", "r.md", "r.html")
    applied.ggrec("drift", *(part for name in names for part in ("--report", name)))
    texts = {name: (applied.path / name).read_text("utf-8") for name in names}
    assert all("dashboard.orders" in text and "bob" in text for text in texts.values())
    assert "<script>" not in texts["r.html"]
    assert json.loads(texts["r.json"])["format"] == "ggrec/drift/v1"


def test_the_metrics_parse_and_a_failed_check_keeps_the_last_success(applied: Folder, sandbox: Any) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    edit(sandbox, "bob", title="ORDERS")
    applied.ggrec("drift", "--metrics", "m.prom")

    def read() -> dict[str, float]:
        text = (applied.path / "m.prom").read_text("utf-8")
        families = parser.text_string_to_metric_families(text)
        return {sample.name: sample.value for family in families for sample in family.samples}

    before = read()
    assert before["ggrec_drift_objects"] == 1
    assert before["ggrec_drift_could_not_tell"] == 0
    assert 'class="cosmetic"} 1' in (applied.path / "m.prom").read_text("utf-8")
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
        status[0] = 500
        outputs.append(applied.ggrec(*given, "--webhook-always"))
    finally:
        server.shutdown()
        server.server_close()
    outputs.append(applied.ggrec(*given, "--webhook-always"))
    assert [ended.code for ended in outputs] == [2, 2, 2, 2]
    assert "the webhook answered 500" in outputs[2].out
    assert "could not be reached" in outputs[3].out
    assert not any("s3cret-path" in ended.out + ended.err for ended in outputs)


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
        self.made = self.shown = 0

    def __call__(self) -> Any:
        self.made += 1
        return self

    def check(self) -> str:
        if self.made == 1:
            raise GgrecError.one("unreachable", "no answer")
        return "report"

    def show(self, report: str) -> None:
        self.shown += 1


def test_a_failing_round_does_not_end_the_watch(capsys: pytest.CaptureFixture[str]) -> None:
    checks, waiting = Failing(), Rounds(3)
    assert watch_drift(checks, Metrics("x"), every=600, listen=None, waiting=waiting) == 0
    assert (checks.made, checks.shown) == (3, 2)
    assert waiting.waited == [630.0] * 3
    assert "the next one comes as usual" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_the_watch_after_the_check_under_way(number: int, code: int) -> None:
    class Signalled(Failing):
        def check(self) -> str:
            signal.raise_signal(number)
            return "report"

    checks = Signalled()
    assert watch_drift(checks, Metrics("x"), every=600, listen=None, waiting=Rounds(9)) == code
    assert (checks.made, checks.shown) == (1, 1)


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


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    board = BOARD.read_text("utf-8")
    asked = set(re.findall(r"ggrec_drift_\w+", board))
    source = (Path(__file__).parents[2] / "reconciler/render/drift_forms.py").read_text("utf-8")
    written = {f"ggrec_drift_{name}" for name in re.findall(r'out\.(?:one|many)\(\s*"(\w+)"', source)}
    assert len(asked) > 4
    assert asked <= written


def test_the_dashboard_has_no_findings(tmp_path: Path) -> None:
    datasource = (
        "apiVersion: ggrec/v1\nkind: Datasource\nmetadata: {name: prometheus}\nspec: {type: prometheus, url: u}\n"
    )
    folder = Folder(tmp_path)
    folder.write("desired/datasource.yaml", datasource)
    folder.write("desired/board.yaml", BOARD.read_text("utf-8"))
    ended = folder.ggrec("check")
    assert (ended.code, ended.out) == (0, "No findings. 8 queries checked.\n"), ended.err
