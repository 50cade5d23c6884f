"""`make demo-data`: GigGatek's dashboards with their data. The shop's past goes into a real Prometheus, the shop goes
on from there with customers in it, ggrec applies the dashboards, and asks every query of theirs.

On the embedded sandbox, or on the Grafana of GRAFANA_URL (GRAFANA_USER and GRAFANA_PASSWORD, or GRAFANA_TOKEN), which
then has to reach this machine's loopback; what was made there is deleted at the end. Needs `prometheus` and `promtool`
(Debian's package prometheus). With --keep everything stays up until Ctrl-C. Works in a temporary folder.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHOP = ROOT / "examples" / "shop"
PYTHON = sys.executable
GGREC = [PYTHON, "-c", "from reconciler.cli import main; main()"]
BOLD, DIM, END = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if sys.stdout.isatty() else ("", "", "")
_BOARD, _BEFORE, _AFTER = (
    "operational-health",
    "sum by (queue) (order_queue_depth)",
    'sum(order_queue_depth{queue="x"})',
)
_FLAGS = ("--storage.tsdb.retention.time=400d", "--query.lookback-delta=35m")


def say(text: str) -> None:
    """A line of the story."""
    print(f"\n{DIM}# {text}{END}", flush=True)


class Demo:
    """Everything that runs: a folder, and the processes that end with it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack

    def do(self, *command: str, where: Path) -> None:
        """Run to its end. Raises SystemExit with what it said."""
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"demo-data: {' '.join(command[:3])} ended with {done.returncode}:\n{done.stderr.strip()}")

    def start(self, name: str, *command: str, where: Path, url: str = "") -> None:
        """Start what runs beside; wait until `url` answers. It ends with the demo. Raises SystemExit."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=where, stdout=out, stderr=out, start_new_session=True)
        self.stack.callback(_end, process)
        for _ in range(300):
            if process.poll() is not None:
                raise SystemExit(f"demo-data: {name} did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")
            if not url or _answers(url):
                return
            time.sleep(0.1)
        raise SystemExit(f"demo-data: {name} does not answer on {url}")

    def ggrec(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> None:
        """Run a command, shown before its output; any other exit code than expected ends the demo."""
        print(f"\n{BOLD}$ ggrec {' '.join(arguments)}{END}", flush=True)
        code = subprocess.run([*GGREC, *arguments], cwd=self.folder, check=False).returncode
        if code not in expect:
            raise SystemExit(f"demo-data: that ended with {code}")


def main() -> None:
    """All of it, in order; whatever happens, nothing is left running."""
    parser = argparse.ArgumentParser(prog="make demo-data ARGS=…")
    parser.add_argument("--keep", action="store_true", help="stay up until Ctrl-C")
    parser.add_argument("--days", type=int, default=92, help="of the past (92: all panels have data)")
    given = parser.parse_args()
    missing = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    if missing:
        raise SystemExit(
            f"demo-data: {' and '.join(missing)} not found on the PATH.\n"
            "  hint: both are in Debian's package prometheus (apt install prometheus), and in Prometheus' own releases"
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with ExitStack() as stack:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="ggrec-demo-data-"))
            story(Demo(Path(name), stack), days=given.days, keep=given.keep)
    except KeyboardInterrupt:
        print()
    say("All of it has ended.")


def story(demo: Demo, *, days: int, keep: bool) -> None:
    """The past, the present, the dashboards, and what they show."""
    folder = demo.folder
    shop, prometheus = f"http://127.0.0.1:{_free(8080)}", f"http://127.0.0.1:{_free(9190)}"
    say(f"The shop's past: {days} days of orders, visits and servers, into a Prometheus.")
    demo.do(PYTHON, "-m", "shop.backfill", str(folder), "--days", str(days), where=SHOP)
    blocks = ("tsdb", "create-blocks-from", "--max-block-duration=720h", "-q", "openmetrics", "metrics.om", "data")
    demo.do("promtool", *blocks, where=folder)
    config = (SHOP / "prometheus.yml").read_text("utf-8").replace("127.0.0.1:8080", shop.partition("//")[2])
    (folder / "prometheus.yml").write_text(config, "utf-8")
    at = f"--web.listen-address={prometheus.partition('//')[2]}"
    files = ("--config.file=prometheus.yml", "--storage.tsdb.path=data")
    demo.start("prometheus", "prometheus", *files, *_FLAGS, at, where=folder, url=f"{prometheus}/-/ready")
    say("The shop goes on from there, with customers in it.")
    opening, port = str(folder / "opening.json"), shop.rpartition(":")[2]
    run = (PYTHON, "-m", "shop.app", "--opening", opening, "--port", port, "--pace", "0.1")
    demo.start("shop", *run, where=SHOP, url=f"{shop}/metrics")
    demo.start("customers", PYTHON, "-m", "shop.load", shop, "--speed", "20", where=SHOP)
    grafana = os.environ.get("GRAFANA_URL") or f"http://127.0.0.1:{_free(3999)}"
    if "GRAFANA_URL" not in os.environ:
        number = grafana.rpartition(":")[2]
        demo.start("sandbox", *GGREC, "sandbox", "--port", number, where=folder, url=f"{grafana}/api/health")
    print(f"  shop {shop} · prometheus {prometheus} · grafana {grafana}", flush=True)
    _project(folder, grafana, prometheus)
    say("The dashboards, and every query of every panel, asked through Grafana.")
    demo.ggrec("apply", "--auto-approve")
    if "GRAFANA_URL" in os.environ:
        demo.stack.callback(demo.ggrec, "destroy", "--auto-approve")
    demo.ggrec("check", "--live")
    say("A query is changed so that it finds nothing: the plan says what that panel would lose.")
    file = folder / "desired" / "dashboards" / f"{_BOARD}.yaml"
    text = file.read_text("utf-8")
    if _BEFORE not in text:
        raise SystemExit(f"demo-data: {file.name} does not say '{_BEFORE}' any more")
    print(f"  desired/dashboards/{file.name}: {_BEFORE} → {_AFTER}")
    file.write_text(text.replace(_BEFORE, _AFTER, 1), "utf-8")
    demo.ggrec("plan", "--check-live", "--target", f"dashboard.{_BOARD}")
    file.write_text(text, "utf-8")
    if keep:
        say("It stays up until Ctrl-C.")
        signal.pause()


def _project(folder: Path, grafana: str, prometheus: str) -> None:
    """A copy of the real example, for these servers."""
    shutil.copytree(ROOT / "desired", folder / "desired")
    text = (ROOT / "ggrec.yaml").read_text("utf-8").replace("http://127.0.0.1:3999", grafana)
    (folder / "ggrec.yaml").write_text(text.replace("http://127.0.0.1:9190", prometheus), "utf-8")
    if "GRAFANA_URL" in os.environ:  # to be deleted at the end
        for file in (folder / "desired").rglob("*.yaml"):
            file.write_text(file.read_text("utf-8").replace("prevent_destroy: true", "prevent_destroy: false"), "utf-8")


def _free(wanted: int) -> int:
    """The port, or any where it is taken."""
    for number in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("demo-data: no free port on loopback")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it, and what it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                continue


if __name__ == "__main__":
    main()
