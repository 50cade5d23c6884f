"""`make bench`: a plan of many dashboards against a bare client that fetches the same lists, side by side in one run.

The sandbox runs in its own process (or give GRAFANA_URL with GRAFANA_USER and GRAFANA_PASSWORD; the estate is deleted
afterwards). Prints medians and spreads; times are never asserted.
"""

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

GGREC = [sys.executable, "-c", "from reconciler.cli import main; main()"]


def estate(folder: Path, boards: int) -> None:
    """Dashboards of about 40 kB in 20 folders."""
    desired = folder / "desired"
    desired.mkdir()
    folders = "---\n".join(
        f"apiVersion: ggrec/v1\nkind: Folder\nmetadata: {{name: bench-{n}}}\nspec: {{title: Bench {n}}}\n"
        for n in range(20)
    )
    (desired / "folders.yaml").write_text(folders)
    for number in range(boards):
        panels = [
            {
                "id": n + 1,
                "type": "timeseries",
                "title": f"Panel {n}",
                "gridPos": {"x": n % 2 * 12, "y": n // 2 * 8, "w": 12, "h": 8},
                "targets": [{"refId": "A", "expr": f"sum by (job) (rate(http_requests_total{{n='{n}'}}[5m]))"}],
                "fieldConfig": {
                    "defaults": {"unit": "reqps", "custom": {f"k{i}": i for i in range(40)}},
                    "overrides": [],
                },
            }
            for n in range(40)
        ]
        model = {"title": f"Bench {number}", "schemaVersion": 42, "panels": panels, "tags": ["bench"]}
        (desired / f"b{number}.json").write_text(json.dumps(model))
        envelope = f"apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: bench-b{number}}}\n"
        (desired / f"b{number}.yaml").write_text(
            f"{envelope}spec: {{folder: bench-{number % 20}, from: b{number}.json}}\n"
        )


def bare(url: str, user: str, password: str) -> None:
    """What the cheapest client must do: every page of both lists, parsed."""
    with httpx.Client(base_url=url, auth=(user, password), timeout=60) as client:
        for group, plural in (
            ("dashboard.grafana.app/v0alpha1", "dashboards"),
            ("folder.grafana.app/v1beta1", "folders"),
        ):
            token = ""
            while True:
                query = {"limit": 500, **({"continue": token} if token else {})}
                page = client.get(f"/apis/{group}/namespaces/default/{plural}", params=query).json()
                token = page["metadata"].get("continue", "")
                if not token:
                    break


def timed(action: Callable[[], None], times: int) -> list[float]:
    """Seconds of each run."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        found.append(time.perf_counter() - began)
    return found


def main() -> None:
    """Build the estate, apply it once, then plan it and fetch it in turns."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dashboards", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    environment = dict(os.environ)
    server = None
    with tempfile.TemporaryDirectory(prefix="ggrec-bench-") as name:
        folder = Path(name)
        if "GRAFANA_URL" not in environment:
            command = [sys.executable, "-c", "from reconciler.sandbox import serve; serve(0)"]
            server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert server.stdout is not None
            address = next(line for line in server.stdout if "address" in line).split()[1]
            environment |= {"GRAFANA_URL": address, "GRAFANA_USER": "admin", "GRAFANA_PASSWORD": "admin"}
        try:
            estate(folder, given.dashboards)

            def ggrec(*arguments: str) -> None:
                subprocess.run([*GGREC, *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)

            created = timed(lambda: ggrec("apply", "--auto-approve"), 1)[0]
            login = (environment["GRAFANA_URL"], environment["GRAFANA_USER"], environment["GRAFANA_PASSWORD"])
            plans, fetches = [], []
            for _ in range(given.runs):
                fetches += timed(lambda: bare(*login), 1)
                plans += timed(lambda: ggrec("plan"), 1)
            ggrec("destroy", "--auto-approve")
        finally:
            if server is not None:
                server.send_signal(signal.SIGINT)
                server.wait(timeout=10)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    rows = [
        (f"create {given.dashboards} dashboards from empty", f"{created:.2f} s"),
        ("bare client fetching both lists, median (spread)", _spread(fetches)),
        ("no-op plan, whole process, median (spread)", _spread(plans)),
        ("plan ÷ bare client", f"{statistics.median(plans) / statistics.median(fetches):.2f}"),
        ("peak memory of the largest process", f"{peak} MB"),
    ]
    for text, figure in rows:
        print(f"{text:<52} {figure}")


def _spread(found: list[float]) -> str:
    return f"{statistics.median(found):.2f} s ({min(found):.2f} to {max(found):.2f})"


if __name__ == "__main__":
    main()
