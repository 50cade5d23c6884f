"""`make demo-data`: GigGatek's dashboards with their data. ggrec applies them, and watches for drift; the shop's past
goes into a real Prometheus and a search server, the shop goes on from there with customers in it, both are scraped, and
ggrec asks every query of every panel.

On the embedded sandbox, or on the Grafana of GRAFANA_URL (GRAFANA_USER and GRAFANA_PASSWORD, or GRAFANA_TOKEN), which
then has to reach this machine's loopback; what was made there is deleted at the end. Needs `prometheus` and `promtool`
(Debian's package prometheus), a JDK 17 and Maven; --no-search goes without the last two. With --keep everything stays
up until Ctrl-C. Works in a temporary folder.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scripts import demo as by_hand
from scripts import servers
from scripts.processes import Failed, Processes, free_port, within

GGREC = [servers.PYTHON, "-c", "from reconciler.cli import main; main()"]
BOLD, DIM, END = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if sys.stdout.isatty() else ("", "", "")
_BOARD, _BEFORE, _AFTER = (
    "operational-health",
    "sum by (queue) (order_queue_depth)",
    'sum(order_queue_depth{queue="x"})',
)
_OPEN, _ACKNOWLEDGED = "product-insights", "sales-performance"
_TOLD = 'kind="dashboard",standing="acknowledged",age="1h'
_WATCHED = 3600
"""Seconds for which the watch shall have run already: a chart of one point shows nothing."""
_PATIENCE = 60.0


def say(text: str) -> None:
    """A line of the story."""
    print(f"\n{DIM}# {text}{END}", flush=True)


class Demo(Processes):
    """A folder with a project in it, and the processes that end with it."""

    def ggrec(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> None:
        """Run a command, shown before its output. Raises Failed for any other exit code than expected."""
        print(f"\n{BOLD}$ ggrec {' '.join(arguments)}{END}", flush=True)
        code = subprocess.run([*GGREC, *arguments], cwd=self.folder, check=False).returncode
        if code not in expect:
            raise Failed(f"that ended with {code}")


def main() -> None:
    """All of it, in order; whatever happens, nothing is left running."""
    parser = argparse.ArgumentParser(prog="make demo-data ARGS=…")
    parser.add_argument("--keep", action="store_true", help="stay up until Ctrl-C")
    parser.add_argument("--days", type=int, default=92, help="of the past (92: all panels have data)")
    parser.add_argument("--no-search", action="store_true", help="no search server: its panels are not asked")
    given = parser.parse_args()
    absent = servers.missing("prometheus", "promtool", *(() if given.no_search else servers.SEARCHING))
    if absent:
        without = "" if given.no_search else "\n  hint: `make demo-data ARGS=--no-search` goes without a search server"
        raise SystemExit(f"demo-data: {absent}{without}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with tempfile.TemporaryDirectory(prefix="ggrec-demo-data-") as name, Demo(Path(name)) as demo:
            story(demo, days=given.days, keep=given.keep, search=not given.no_search)
    except Failed as failed:
        raise SystemExit(f"demo-data: {failed}") from None
    except KeyboardInterrupt:
        print()
    say("All of it has ended.")


def story(demo: Demo, *, days: int, keep: bool, search: bool) -> None:
    """The dashboards, the past, the present, and what they show. Raises Failed."""
    folder = demo.folder
    prometheus, found = (f"http://127.0.0.1:{free_port(number)}" for number in (9190, 9200))
    grafana = os.environ.get("GRAFANA_URL") or f"http://127.0.0.1:{free_port(3999)}"
    if "GRAFANA_URL" not in os.environ:
        number = grafana.rpartition(":")[2]
        demo.start("sandbox", *GGREC, "sandbox", "--port", number, where=folder, url=f"{grafana}/api/health")
    project(folder, grafana, prometheus, found)
    say("The dashboards.")
    demo.ggrec("apply", "--auto-approve")
    if "GRAFANA_URL" in os.environ:
        demo.callback(demo.ggrec, "destroy", "--auto-approve")
    watch = watched(demo, grafana)
    into = "a Prometheus and a search server" if search else "a Prometheus"
    say(f"The shop's past: {days} days of orders, visits and servers, into {into}.")
    servers.past(demo, folder, "--days", str(days))
    servers.watched(demo, folder, said(f"{watch}/metrics"), seconds=_WATCHED)
    shop = f"http://127.0.0.1:{free_port(8080)}"
    config = (servers.SHOP / "prometheus.yml").read_text("utf-8").replace("127.0.0.1:8080", shop.partition("//")[2])
    config = config.replace("127.0.0.1:9108", watch.partition("//")[2])
    servers.prometheus(demo, folder, config=config, port=port_of(prometheus))
    if search:
        servers.search_server(demo, folder, port=port_of(found))
        servers.fill(demo, folder, found)
    say("The shop goes on from there, with customers in it.")
    servers.shop(demo, folder, shop, more=("--search-url", found) if search else ())
    beside = f" · search server {found}" if search else ""
    print(f"  shop {shop} · prometheus {prometheus}{beside} · grafana {grafana} · drift {watch}", flush=True)
    scraped(prometheus, "ggrec")
    say("Every query of every panel, asked through Grafana.")
    demo.ggrec("check", "--live", *(() if search else ("--prometheus", prometheus)))
    say("A query is changed so that it finds nothing: the plan says what that panel would lose.")
    file = folder / "desired" / "dashboards" / f"{_BOARD}.yaml"
    text = file.read_text("utf-8")
    if _BEFORE not in text:
        raise Failed(f"{file.name} does not say '{_BEFORE}' any more")
    print(f"  desired/dashboards/{file.name}: {_BEFORE} → {_AFTER}")
    file.write_text(text.replace(_BEFORE, _AFTER, 1), "utf-8")
    demo.ggrec("plan", "--check-live", "--target", f"dashboard.{_BOARD}")
    file.write_text(text, "utf-8")
    if keep:
        say("It stays up until Ctrl-C.")
        signal.pause()


def watched(demo: Demo, grafana: str) -> str:
    """Two changes by hand, one of them acknowledged, and a watch that tells of them; the result is its address. Raises
    Failed.
    """
    say("Alice changes two of them by hand; one change may stand for a while. A watch tells Prometheus of both.")
    alice = by_hand.Demo(demo.folder, grafana, dict(os.environ))
    for uid in (_OPEN, _ACKNOWLEDGED):
        alice.edit_by_alice(uid=uid)
    ends = (datetime.now(UTC) + timedelta(days=14)).date().isoformat()
    demo.ggrec("drift", "ack", f"dashboard.{_ACKNOWLEDGED}", "--reason", "asked for by sales", "--until", ends)
    watch = f"http://127.0.0.1:{free_port(9108)}"
    listen = watch.partition("//")[2]
    print(f"\n{BOLD}$ ggrec drift --watch 30s --listen {listen} &{END}", flush=True)
    demo.start("drift", *GGREC, "drift", "--watch", "30s", "--listen", listen, where=demo.folder, url=f"{watch}/health")
    if not within(_PATIENCE, lambda: f'{_TOLD}"}} 1' in said(f"{watch}/metrics")):
        raise Failed(f"the watch tells of no drift:\n{(demo.folder / 'drift.log').read_text('utf-8')[-2000:]}")
    return watch


def scraped(prometheus: str, job: str) -> None:
    """Wait until Prometheus has scraped a job. Raises Failed."""
    query = urllib.parse.quote(f'up{{job="{job}"}} == 1')
    if not within(_PATIENCE, lambda: '"value":[' in said(f"{prometheus}/api/v1/query?query={query}")):
        raise Failed(f"Prometheus does not reach {job}: {said(f'{prometheus}/api/v1/targets')[:2000]}")


def said(url: str) -> str:
    """What a server of ours answers."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def port_of(url: str) -> int:
    """The number at an address' end."""
    return int(url.rpartition(":")[2])


def project(folder: Path, grafana: str, prometheus: str, search: str = "") -> None:
    """A copy of the real example, for these servers."""
    shutil.copytree(servers.ROOT / "desired", folder / "desired")
    text = (servers.ROOT / "ggrec.yaml").read_text("utf-8").replace("http://127.0.0.1:3999", grafana)
    text = text.replace("http://127.0.0.1:9190", prometheus)
    (folder / "ggrec.yaml").write_text(text.replace("http://127.0.0.1:9200", search) if search else text, "utf-8")
    if "GRAFANA_URL" in os.environ:  # to be deleted at the end
        for file in (folder / "desired").rglob("*.yaml"):
            file.write_text(file.read_text("utf-8").replace("prevent_destroy: true", "prevent_destroy: false"), "utf-8")


if __name__ == "__main__":
    main()
