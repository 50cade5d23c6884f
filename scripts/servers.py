"""The servers behind dashboards, on loopback and in a temporary folder: a Prometheus and a search server with the
shop's past, and the shop itself. For demos, tests and benchmarks.
"""

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.processes import Processes, free_port

ROOT = Path(__file__).resolve().parents[1]
SHOP = ROOT / "examples" / "shop"
SEARCH = ROOT / "examples" / "search"
PYTHON = sys.executable
NEEDED = {
    "prometheus": "Debian's package prometheus (apt install prometheus), or Prometheus' own releases",
    "promtool": "Debian's package prometheus (apt install prometheus), or Prometheus' own releases",
    "java": "a JDK 17 (apt install openjdk-17-jdk-headless)",
    "javac": "a JDK 17 (apt install openjdk-17-jdk-headless)",
    "mvn": "Maven (apt install maven)",
}
"""Programs, and where they come from."""
SEARCHING = ("java", "javac", "mvn")
_LONGEST_BLOCK = "1440h"
_JAVA = ("-Xms256m", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def missing(*programs: str) -> str:
    """Which of these programs are not on the PATH, and where they come from; "" where all are."""
    absent = [name for name in programs if shutil.which(name) is None]
    if not absent:
        return ""
    hints = dict.fromkeys(NEEDED[name] for name in absent)
    return f"{' and '.join(absent)} not found on the PATH.\n" + "\n".join(f"  hint: {hint}" for hint in hints)


def past(processes: Processes, folder: Path, *arguments: str) -> None:
    """The shop's past as files in `folder`, and as a Prometheus' blocks in `folder`/data. Raises Failed."""
    processes.do(PYTHON, "-m", "shop.backfill", str(folder), *arguments, where=SHOP)
    blocks(processes, folder)


def blocks(processes: Processes, folder: Path) -> None:
    """`folder`/metrics.om as blocks beside those in `folder`/data. Raises Failed."""
    longest = f"--max-block-duration={_LONGEST_BLOCK}"
    processes.do(
        "promtool", "tsdb", "create-blocks-from", longest, "-q", "openmetrics", "metrics.om", "data", where=folder
    )


def watched(processes: Processes, folder: Path, text: str, *, seconds: int, step: int = 60) -> None:
    """A past of as many seconds for what a `/metrics` shows now, as if it had shown that all the time: blocks beside
    those in `folder`/data. Raises Failed.
    """
    own = folder / "watched"
    (own / "data").mkdir(parents=True)
    now = int(time.time())
    lines = []
    for line in text.splitlines():
        if line.startswith("#"):
            lines.append(line)
        else:
            lines += [f"{line} {moment}" for moment in range(now - seconds, now + 1, step)]
    (own / "metrics.om").write_text("\n".join([*lines, "# EOF", ""]), "utf-8")
    blocks(processes, own)
    shutil.copytree(own / "data", folder / "data", dirs_exist_ok=True)


def ending(processes: Processes, folder: Path, name: str) -> Path:
    """A past made with --faults, with one of its ends: a folder for a Prometheus. Raises Failed."""
    own = folder / name
    if not (own / "data").is_dir():
        shutil.copytree(folder / "data", own / "data")
        blocks(processes, own)
    return own


def prometheus(
    processes: Processes, folder: Path, *, config: str = "scrape_configs: []\n", lookback: str = "35m", port: int = 0
) -> str:
    """A Prometheus over `folder`/data; the result is its address. Raises Failed."""
    (folder / "prometheus.yml").write_text(config, "utf-8")
    url = f"http://127.0.0.1:{free_port(port)}"
    flags = (
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=400d",
        f"--query.lookback-delta={lookback}",
        f"--web.listen-address={url.partition('//')[2]}",
    )
    processes.start("prometheus", "prometheus", *flags, where=folder, url=f"{url}/-/ready")
    return url


def search_server(processes: Processes, folder: Path, *, port: int = 0) -> str:
    """A search server with an empty `folder`/search; the result is its address. Its program is built once, in
    examples/search. Raises Failed.
    """
    if not (SEARCH / "lib").is_dir():
        processes.do("mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib", where=SEARCH)
    if not (SEARCH / "classes").is_dir():
        processes.do("javac", "-cp", "lib/*", "-d", "classes", "SearchServer.java", where=SEARCH)
    number = free_port(port)
    url = f"http://127.0.0.1:{number}"
    program = ("-cp", "classes:lib/*", "SearchServer", str(folder / "search"), str(number), str(free_port()))
    processes.start("search", "java", *_JAVA, *program, where=SEARCH, url=url)
    return url


def fill(processes: Processes, folder: Path, url: str, *, fault: str = "") -> None:
    """The documents of the past into a search server, its index made anew; with one of the faults. Raises Failed."""
    command = (PYTHON, "-m", "shop.search_server", url, str(folder / "documents.ndjson"))
    processes.do(*command, *(("--fault", fault) if fault else ()), where=SHOP)


def shop(processes: Processes, folder: Path, url: str, *, more: Sequence[str] = (), speed: int = 20) -> None:
    """The shop, going on where the past in `folder` ended, with customers in it. Raises Failed."""
    port = url.rpartition(":")[2]
    opening = str(folder / "opening.json")
    run = (PYTHON, "-m", "shop.app", "--opening", opening, "--port", port, "--pace", "0.1", *more)
    processes.start("shop", *run, where=SHOP, url=f"{url}/metrics")
    processes.start("customers", PYTHON, "-m", "shop.load", url, "--speed", str(speed), where=SHOP)
