"""The Grafana that is measured against: the sandbox in a process of its own, or any by URL; and what the benchmark does
there beside ggrec: people, edits by hand, and clearing away what it made.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.bare import DASHBOARDS, Client
from benchmarks.estate import PREFIX

EDITOR = "bench-editor"
_SANDBOX = "from reconciler import datasources as asks; from reconciler.sandbox import *; serve(0, World(asks=asks))"
_EDITORS_PASSWORD = "bench-editor-1"


@dataclass(frozen=True, slots=True)
class Server:
    """A Grafana with an administrator's credentials. `process` is the sandbox's, None for one by URL."""

    url: str
    user: str
    password: str
    name: str
    process: int | None = None

    def client(self) -> Client:
        """A connection as the administrator."""
        return Client(self.url, self.user, self.password)

    @property
    def environment(self) -> dict[str, str]:
        """What ggrec is to see."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GRAFANA_", "GGREC_"))}
        return {**kept, "GRAFANA_PASSWORD": self.password, "NO_COLOR": "1"}

    def task(self, **more: Any) -> str:
        """A task for the bare client."""
        return json.dumps({"url": self.url, "user": self.user, "password": self.password, **more})

    def cpu(self) -> float:
        """Seconds of CPU that the sandbox has used so far; 0 for a Grafana by URL."""
        if self.process is None:
            return 0.0
        with open(f"/proc/{self.process}/stat") as file:  # noqa: PTH123 (read before and after each request)
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(url: str = "") -> Iterator[Server]:
    """The server while it is needed. `url` or GRAFANA_URL names one, GRAFANA_USER and GRAFANA_PASSWORD sign in there;
    the benchmark's own objects are taken away at the end, and nothing else. Without one: a sandbox.
    """
    url = url or os.environ.get("GRAFANA_URL", "")
    if url:
        user, password = os.environ.get("GRAFANA_USER", "admin"), os.environ.get("GRAFANA_PASSWORD", "admin")
        with Client(url, user, password) as client:
            version = client.json("GET", "/api/health")["version"]
            server = Server(url, user, password, f"Grafana {version}, {_storage(client)}")
        try:
            yield server
        finally:
            clear(server)
            _forget_editor(server)
        return
    command = [sys.executable, "-c", _SANDBOX]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = next(line for line in process.stdout if "address" in line).split()[1]
        yield Server(address, "admin", "admin", "sandbox (emulates Grafana 12.3.0, in memory)", process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _storage(client: Client) -> str:
    """Legacy storage numbers the saves of an object, unified storage stamps them (grafana-api.md section 4)."""
    uid = f"{PREFIX}probe"
    client.json("POST", "/api/dashboards/db", {"dashboard": {"uid": uid, "title": uid}, "overwrite": True})
    version = client.json("GET", f"{DASHBOARDS}/{uid}")["metadata"]["resourceVersion"]
    client.send("DELETE", f"/api/dashboards/uid/{uid}")
    return "unified storage" if len(version) > 12 else "legacy storage"


def add_editor(server: Server) -> Client:
    """Another user, who may edit everything, signed in."""
    fields = {"login": EDITOR, "email": f"{EDITOR}@example.org", "password": _EDITORS_PASSWORD, "name": "Bench Editor"}
    with server.client() as admin:
        known = [user for user in admin.json("GET", "/api/org/users") if user["login"] == EDITOR]
        number = known[0]["userId"] if known else admin.json("POST", "/api/admin/users", fields)["id"]
        admin.json("PATCH", f"/api/orgs/1/users/{number}", {"role": "Admin"})
    return Client(server.url, EDITOR, _EDITORS_PASSWORD)


def _forget_editor(server: Server) -> None:
    with server.client() as admin:
        for user in admin.json("GET", "/api/org/users"):
            if user["login"] == EDITOR:
                admin.send("DELETE", f"/api/admin/users/{user['userId']}")


def edit_by_hand(client: Client, uids: Iterable[str], word: str) -> None:
    """Change a panel's title in each of these dashboards, as somebody does in the browser."""
    for uid in uids:
        found = client.json("GET", f"/api/dashboards/uid/{uid}")
        model: dict[str, Any] = found["dashboard"]
        panel = next(panel for panel in model["panels"] if panel["type"] != "row")
        panel["title"] = f"By hand {word}"
        body = {"dashboard": model, "folderUid": found["meta"]["folderUid"], "overwrite": True, "message": word}
        client.json("POST", "/api/dashboards/db", body)


def ours(client: Client) -> Mapping[str, list[Any]]:
    """What in this Grafana has the benchmark's names: uids, and the server's own numbers where there is none."""
    found: dict[str, list[Any]] = {"dashboards": [], "folders": []}
    for sort, key in (("dash-db", "dashboards"), ("dash-folder", "folders")):
        page = 1
        while True:
            hits = client.json("GET", f"/api/search?type={sort}&limit=5000&page={page}")
            found[key] += [hit["uid"] for hit in hits if hit["uid"].startswith(PREFIX)]
            page += 1
            if len(hits) < 5000:
                break
    sources = client.json("GET", "/api/datasources")
    found["datasources"] = [item["uid"] for item in sources if item["uid"].startswith(PREFIX)]
    teams = client.json("GET", "/api/teams/search?perpage=1000&query=Bench%20team")["teams"]
    found["teams"] = [item["id"] for item in teams if item["name"].startswith("Bench team ")]
    marked = client.json("GET", "/api/annotations?tags=bench-release&limit=1000&from=1&to=4000000000000")
    found["annotations"] = [item["id"] for item in marked]
    return found


def clear(server: Server) -> None:
    """Take away what has the benchmark's names. Raises OSError if something is left."""
    with server.client() as client:
        found = ours(client)
        for uid in found["dashboards"]:
            client.send("DELETE", f"/api/dashboards/uid/{uid}")
        for uid in sorted(found["folders"], reverse=True):  # those inside have higher numbers
            client.send("DELETE", f"/api/folders/{uid}")
        for uid in found["datasources"]:
            client.send("DELETE", f"/api/datasources/uid/{uid}")
        for number in found["teams"]:
            client.send("DELETE", f"/api/teams/{number}")
        for number in found["annotations"]:
            client.send("DELETE", f"/api/annotations/{number}")
        left = {key: items for key, items in ours(client).items() if items}
    if left:
        raise OSError(f"{server.url}: not taken away: {left}")
