"""`make demo-faults`: what `ggrec check --live` finds when something goes wrong in the shop or in a dashboard: a metric
is renamed, a label dropped, the shop stopped for an hour, a field of its documents renamed, no documents written for
an hour, a gauge put into `rate`.

The faults are in the past that is written into a real Prometheus and a search server, so nothing is waited for;
the shop's six dashboards are checked against each, through the sandbox. Needs `prometheus` and `promtool` (Debian's
package prometheus); a JDK 17 and Maven for the search server, without which its panels are not asked. Works in a
temporary folder.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from scripts import servers
from scripts.demo_data import GGREC, Demo, project, say
from scripts.processes import Failed, Processes, free_port

_FINDS = (0, 1)
"""How such a check ends: 1 where a panel shows nothing; a stale one, or one without its label, shows something."""
_NO_SHOPS = "grafana-drift"
"""It shows what ggrec exports, and that has no such faults."""
_BOARD, _BEFORE, _AFTER = (
    "operational-health",
    "sum by (queue) (order_queue_depth)",
    "sum by (queue) (rate(order_queue_depth[10m]))",
)


def main() -> None:
    """One fault after the other; whatever happens, nothing is left running."""
    parser = argparse.ArgumentParser(prog="make demo-faults ARGS=…")
    parser.add_argument("--days", type=int, default=92, help="of the past (92: without a fault all panels have data)")
    parser.add_argument("--no-search", action="store_true", help="no search server: its panels are not asked")
    given = parser.parse_args()
    if absent := servers.missing("prometheus", "promtool"):
        raise SystemExit(f"demo-faults: {absent}")
    without = "" if given.no_search else servers.missing(*servers.SEARCHING)
    if without:
        print(f"demo-faults: goes without a search server: {without}", flush=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with tempfile.TemporaryDirectory(prefix="ggrec-demo-faults-") as name, Demo(Path(name)) as demo:
            story(demo, given.days, search=not (given.no_search or without))
    except Failed as failed:
        raise SystemExit(f"demo-faults: {failed}") from None
    except KeyboardInterrupt:
        print()
    say("All of it has ended.")


def story(demo: Demo, days: int, *, search: bool) -> None:
    """The past, then each fault with what is found. Raises Failed."""
    sys.path.insert(0, str(servers.SHOP))
    from shop.faults import DOCUMENT_FAULTS, FAULTS, SOUND

    folder = demo.folder
    say(f"The shop's past: {days} days, the last hours once as they were and once with each fault.")
    servers.past(demo, folder, "--days", str(days), "--faults")
    port, found = free_port(9190), ""
    if search:
        found = servers.search_server(demo, folder, port=9200)
        servers.fill(demo, folder, found)
    number = free_port(3999)
    grafana = f"http://127.0.0.1:{number}"
    demo.start("sandbox", *GGREC, "sandbox", "--port", str(number), where=folder, url=f"{grafana}/api/health")
    project(folder, grafana, f"http://127.0.0.1:{port}", found)
    demo.do(*GGREC, "apply", "--auto-approve", where=folder)
    files = sorted((folder / "desired" / "dashboards").glob("*.yaml"))
    boards = [f"dashboard.{file.stem}" for file in files if file.stem != _NO_SHOPS]
    say("As it was: every panel has data." if search else "As it was: every panel on Prometheus has data.")
    _checked(demo, SOUND, port, boards, expect=(0,))
    for name, fault in FAULTS.items():
        say(f"In the shop: {fault.says}.")
        _checked(demo, name, port, boards, expect=_FINDS)
    for name, lost in DOCUMENT_FAULTS.items() if search else ():
        say(f"In the shop's documents: {lost.says}.")
        servers.fill(demo, folder, found, fault=name)
        _checked(demo, SOUND, port, boards, expect=_FINDS)
    say(f"In a dashboard: {_BEFORE} → {_AFTER}.")
    file = folder / "desired" / "dashboards" / f"{_BOARD}.yaml"
    text = file.read_text("utf-8")
    if _BEFORE not in text:
        raise Failed(f"{file.name} does not say '{_BEFORE}' any more")
    file.write_text(text.replace(_BEFORE, _AFTER), "utf-8")
    _checked(demo, SOUND, port, [f"dashboard.{_BOARD}"], expect=_FINDS)


def _checked(demo: Demo, name: str, port: int, boards: list[str], *, expect: tuple[int, ...]) -> None:
    """Check these dashboards against the past with this end."""
    own = servers.ending(demo, demo.folder, name)
    with Processes(own) as processes:
        servers.prometheus(processes, own, port=port)
        demo.ggrec("check", "--live", *boards, expect=expect)


if __name__ == "__main__":
    main()
