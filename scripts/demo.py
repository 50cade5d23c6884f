"""`make demo`: the main job from end to end, each command before its output, on the embedded sandbox or on a real
Grafana.

With GRAFANA_URL (and GRAFANA_TOKEN, or GRAFANA_USER and GRAFANA_PASSWORD) set it runs there, on GigGatek's desired
state, and deletes what it made at the end. Works in a temporary copy: nothing of the checkout changes.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
GGREC = [sys.executable, "-c", "from reconciler.cli import main; main()"]
BOLD, DIM, END = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if sys.stdout.isatty() else ("", "", "")
BOARD = "operational-health"


def say(text: str) -> None:
    """A line of the story."""
    print(f"\n{DIM}# {text}{END}", flush=True)


class Demo:
    """One run of the story in a folder."""

    def __init__(self, folder: Path, url: str, environment: dict[str, str]) -> None:
        self.folder = folder
        self.url = url
        self.environment = environment

    def ggrec(self, *arguments: str, expect: int = 0) -> None:
        """Run a command, shown before its output; any other exit code than expected ends the demo."""
        print(f"\n{BOLD}$ ggrec {' '.join(arguments)}{END}", flush=True)
        done = subprocess.run([*GGREC, *arguments], cwd=self.folder, env=self.environment, check=False)
        if done.returncode != expect:
            raise SystemExit(f"demo: that ended with {done.returncode}, not {expect}")

    def story(self) -> None:
        """Validate, plan, apply, edits by somebody else, a removed file."""
        say("Everything that is declared, read offline; all errors at once.")
        self.ggrec("validate")
        say("What would change? GET requests only.")
        self.ggrec("plan")
        say("Do it.")
        self.ggrec("apply", "--auto-approve")
        say("Again: nothing to do, nothing written.")
        self.ggrec("plan", "--detailed-exitcode")
        say("Who sees what: each role has a team, a home dashboard, and filtered views that follow their base.")
        self.ggrec("roles")
        say("A query changes in a base: the views derived from it change with it.")
        self.replace("dashboards/sales-performance.yaml", "sum(increase(carts_abandoned_total[7d]))",
                     "(sum(increase(carts_abandoned_total[7d])) or vector(0))")  # fmt: skip
        self.ggrec("plan")
        self.ggrec("apply", "--auto-approve")
        say("Meanwhile alice edits a dashboard by hand …")
        self.edit_by_alice()
        say("… and the plan shows who, when and what (exit code 2).")
        self.ggrec("plan", "--detailed-exitcode", expect=2)
        say("Apply puts the declared state back.")
        self.ggrec("apply", "--auto-approve")
        self.conflict()
        self.drift()
        say("An event is taken out of the desired state.")
        events = self.folder / "desired" / "annotations.yaml"
        events.write_text(events.read_text("utf-8").rpartition("---\n")[0], "utf-8")
        self.ggrec("plan")
        self.ggrec("apply", "--auto-approve")
        say("Who did what, and which dashboard versions came of it.")
        self.ggrec("history")
        self.ggrec("history", f"dashboard.{BOARD}")
        if "GRAFANA_URL" in self.environment:
            say("Your Grafana gets back what it had: delete what this state owns, and nothing else.")
            self.ggrec("destroy", "--auto-approve")

    def conflict(self) -> None:
        """Somebody saves between plan and apply: nothing is overwritten, and a merge keeps both."""
        say("A plan is saved; before it is applied, alice saves that dashboard once more …")
        self.replace(
            f"dashboards/{BOARD}.yaml", "tags: [giggatek, operations]", "tags: [giggatek, operations, reviewed]"
        )
        self.ggrec("plan", "--target", f"dashboard.{BOARD}", "-o", "plan.ggrec")
        self.edit_by_alice()
        say("… and nothing of hers is overwritten (exit code 4).")
        self.ggrec("apply", "plan.ggrec", expect=4)
        say("Both: her edit stays beside the change, seen before it is sent, and is listed from then on.")
        self.ggrec("apply", "--auto-approve", "--on-conflict", f"dashboard.{BOARD}=merge")
        say("Or the files again, from now on.")
        self.ggrec("state", "release", f"dashboard.{BOARD}")
        self.ggrec("apply", "--auto-approve")

    def drift(self) -> None:
        """A change by hand is found, may stand for a while, is put back, and is had again."""
        say("Another change by hand, as a job on a schedule would find it (exit code 2; GET requests only).")
        self.edit_by_alice()
        version = self._ask("GET", f"/api/dashboards/uid/{BOARD}", None, self._authorization())["dashboard"]["version"]
        self.ggrec("drift", expect=2)
        say("It may stand for a while, with a reason: written into a file to be reviewed, said by every plan.")
        ends = (datetime.now(UTC) + timedelta(days=14)).date().isoformat()
        self.ggrec(
            "drift", "ack", f"dashboard.{BOARD}", "--reason", "until the night shift has seen it", "--until", ends
        )
        self.ggrec("drift")
        self.ggrec("plan")
        say("Taken back, the next apply puts back what is declared; Grafana's own history still has her version …")
        self.ggrec("drift", "unack", f"dashboard.{BOARD}")
        self.ggrec("apply", "--auto-approve")
        say("… and it can be had again. What the files must then say is said.")
        self.ggrec("rollback", f"dashboard.{BOARD}@{version}", "--auto-approve")
        say("They do not say it here: the next apply is as the files are.")
        self.ggrec("apply", "--auto-approve")
        self.accept()

    def accept(self) -> None:
        """A change by hand that is right goes into the files."""
        say("Alice changes another panel. It may stand until somebody has looked at it …")
        self.edit_by_alice("Products to Reorder")
        ends = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
        self.ggrec("drift", "ack", f"dashboard.{BOARD}", "--reason", "is it right?", "--until", ends)
        say("… and it is right: it goes into the file, at the place where it is written, and no other byte changes.")
        self.ggrec("drift", "accept", f"dashboard.{BOARD}", "--dry-run")
        self.ggrec("drift", "accept", f"dashboard.{BOARD}")
        self.ggrec("drift", "unack", f"dashboard.{BOARD}")
        say("Nothing of hers is put back, and nothing is left to do; the state learns of it with the next apply.")
        self.ggrec("plan", "--detailed-exitcode")
        self.ggrec("apply", "--auto-approve")
        self.ggrec("plan", "--detailed-exitcode")

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a desired file, once."""
        path = self.folder / "desired" / file
        text = path.read_text("utf-8")
        if old not in text:
            raise SystemExit(f"demo: {file} does not say '{old}' any more")
        print(f"  desired/{file}: {old} → {new}")
        path.write_text(text.replace(old, new, 1), "utf-8")

    def edit_by_alice(self, title: str = "", uid: str = BOARD) -> None:
        """Somebody else's save over Grafana's own API (on a real Grafana: the demo's own user), of one panel."""
        who = self._alice()
        board = self._ask("GET", f"/api/dashboards/uid/{uid}", None, who)
        model = board["dashboard"]
        panel = next(p for p in model["panels"] if _steps(p) and title in p["title"])
        _steps(panel)[-1]["value"] += 15
        print(f"  {panel['title']}: the last threshold is now {_steps(panel)[-1]['value']}")
        body = {"dashboard": model, "folderUid": board["meta"]["folderUid"], "message": "less noise at night, please"}
        self._ask("POST", "/api/dashboards/db", body, who)

    def _alice(self) -> str:
        mine = self._authorization()
        if "GRAFANA_URL" in self.environment:
            return mine
        users = self._ask("GET", "/api/org/users", None, mine)
        if not any(user["login"] == "alice" for user in users):
            account = {"login": "alice", "email": "alice@giggatek.example", "password": "alice"}
            self._ask("POST", "/api/admin/users", account, mine)
            users = self._ask("GET", "/api/org/users", None, mine)
        number = next(user["userId"] for user in users if user["login"] == "alice")
        self._ask("PATCH", f"/api/orgs/1/users/{number}", {"role": "Admin"}, mine)
        return "Basic " + base64.b64encode(b"alice:alice").decode()

    def _authorization(self) -> str:
        token = self.environment.get("GRAFANA_TOKEN")
        if token:
            return f"Bearer {token}"
        pair = f"{self.environment.get('GRAFANA_USER', 'admin')}:{self.environment.get('GRAFANA_PASSWORD', 'admin')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def _ask(self, method: str, path: str, body: Any, authorization: str) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url.rstrip("/") + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def _steps(panel: dict[str, Any]) -> list[dict[str, Any]]:
    """The thresholds of a panel, if there is one to move."""
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    steps: list[dict[str, Any]] = defaults.get("thresholds", {}).get("steps", [])
    return steps if steps and isinstance(steps[-1].get("value"), int | float) else []


def main() -> None:
    """Make the copy, start the sandbox where no Grafana is given, tell the story, leave nothing running."""
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR" or sys.stdout.isatty()}
    with tempfile.TemporaryDirectory(prefix="ggrec-demo-") as name:
        folder = Path(name)
        shutil.copytree(ROOT / "desired", folder / "desired")
        shutil.copy(ROOT / "ggrec.yaml", folder / "ggrec.yaml")
        url = environment.get("GRAFANA_URL")
        if url:
            say(f"On your Grafana, {url}, with GigGatek's desired state (unprotected here, to be deleted at the end).")
            for file in (folder / "desired").rglob("*.yaml"):
                file.write_text(
                    file.read_text("utf-8").replace("prevent_destroy: true", "prevent_destroy: false"), "utf-8"
                )
            Demo(folder, url, environment).story()
            return
        port = _free_port()
        print(f"{BOLD}$ ggrec sandbox --port {port} &{END}", flush=True)
        sandbox = subprocess.Popen([*GGREC, "sandbox", "--port", str(port)], cwd=folder)
        try:
            _wait(port, sandbox)
            file = folder / "ggrec.yaml"
            file.write_text(file.read_text("utf-8").replace("127.0.0.1:3999", f"127.0.0.1:{port}"), "utf-8")
            Demo(folder, f"http://127.0.0.1:{port}", environment).story()
        finally:
            sandbox.send_signal(signal.SIGINT)
            sandbox.wait(timeout=10)
    say("That was ggrec. The sandbox is gone, and so is everything in it.")


def _free_port() -> int:
    """3999 where it is free, as the README says; else any."""
    for wanted in (3999, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("demo: no free port on loopback")


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit("demo: the sandbox did not start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("demo: the sandbox does not answer")


if __name__ == "__main__":
    main()
