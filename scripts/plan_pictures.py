"""`make pictures`, too: a change of GigGatek's estate as it is reviewed, as pictures in docs/pictures/: the page of the
plan, light, dark and on a telephone, and the comment of a pull request.

Needs Chromium on PATH. Works in a temporary copy on the sandbox.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

from scripts.demo import GGREC, ROOT, Demo
from scripts.pictures import FLAGS, MOST, OUT
from scripts.processes import Processes, free_port

_CHANGES = (
    (
        "sum(order_queue_depth)\n          legendFormat: W",
        "max_over_time(sum(order_queue_depth)[5m:])\n          legendFormat: W",
    ),
    ("{green: null, orange: 100, red: 200}", "{green: null, orange: 80, red: 150}"),
    ("expr: sum(support_tickets_open)", "expr: sum( support_tickets_open )"),
)
"""In operational-health.yaml: what it says, and what it is to say."""
_NEW = """\
  panels:
    - title: Freeze until Monday
      type: text
      width: 24
      height: 3
      options: {mode: markdown, content: "No release before Monday: the campaign runs."}

"""
_GITHUB = """\
<!doctype html><meta charset=utf-8><style>
:root{color-scheme:light dark}
body{font:14px/1.5 -apple-system,"Segoe UI",Helvetica,Arial,sans-serif;margin:24px;max-width:860px;
color:light-dark(#1f2328,#e6edf3);background:light-dark(#fff,#0d1117)}
h3,h4{margin:16px 0 8px}code,pre{font:12px/1.45 ui-monospace,Menlo,monospace;border-radius:6px;
background:light-dark(#f0f2f5,#1b222c)}code{padding:.2em .4em}pre{padding:12px;overflow:auto}pre code{padding:0}
details{margin:8px 0}summary{cursor:pointer}.a{color:light-dark(#116329,#7ee787)}.r{color:light-dark(#a40e26,#ffa198)}
</style>"""
_LIGHT, _DARK = 1, 0


def main() -> None:
    """Change the estate, plan it, draw what comes of it. Ends with a message where there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("pictures: no chromium on PATH")
    with tempfile.TemporaryDirectory(prefix="ggrec-pictures-") as name, Processes(Path(name)) as processes:
        folder = Path(name)
        _plan(processes, folder)
        comment = (folder / "plan.md").read_text("utf-8")
        (folder / "comment.html").write_text(_GITHUB + _coloured(comment), "utf-8")
        for page, picture, size, scheme in (
            ("plan.html", "plan-light", "1000,1120", _LIGHT),
            ("plan.html", "plan-dark", "1000,1120", _DARK),
            ("plan.html", "plan-phone", "390,1120", _LIGHT),
            ("comment.html", "comment-light", "920,1120", _LIGHT),
            ("comment.html", "comment-dark", "920,1120", _DARK),
        ):
            _draw(browser, folder, folder / page, OUT / f"{picture}.png", size, scheme)


def _plan(processes: Processes, folder: Path) -> None:
    """The estate, applied; then changed in the files, and by alice in Grafana; and planned in all forms."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    shutil.copytree(ROOT / "desired", folder / "desired")
    project = (ROOT / "ggrec.yaml").read_text("utf-8")
    (folder / "ggrec.yaml").write_text(project.replace("127.0.0.1:3999", f"127.0.0.1:{port}"), "utf-8")
    processes.start("sandbox", *GGREC, "sandbox", "--port", str(port), where=folder, url=f"{url}/api/health")
    processes.do(*GGREC, "apply", "--auto-approve", where=folder)
    demo = Demo(folder, url, dict(os.environ))
    demo.edit_by_alice("Burn Rate", uid="technical-operations")
    for old, new in _CHANGES:
        demo.replace("dashboards/operational-health.yaml", old, new)
    demo.replace("dashboards/operational-health.yaml", "  panels:\n", _NEW)
    demo.replace("annotations.yaml", "name: incident-2026-10-13-checkout", "name: incident-2026-10-13-slow-checkout")
    processes.do(*GGREC, "plan", "--html", "plan.html", "--markdown", "plan.md", where=folder)


def _coloured(comment: str) -> str:
    """The comment as GitHub would show it, all that is folded in it open."""
    html = str(MarkdownIt("commonmark", {"html": True}).render(comment)).replace("<details>", "<details open>")
    lines = []
    for line in html.split("\n"):
        kind = {"+": "a", "-": "r"}.get(line[:1], "")
        lines.append(f"<span class={kind}>{line}</span>" if kind else line)
    return "\n".join(lines)


def _draw(browser: str, folder: Path, page: Path, picture: Path, size: str, scheme: int) -> None:
    flags = [flag for flag in FLAGS if "scale-factor" not in flag and "preferredColorScheme" not in flag]
    flags += [f"--blink-settings=preferredColorScheme={scheme}", f"--window-size={size}"]
    where = [f"--user-data-dir={folder}/profile", f"--screenshot={picture}", page.as_uri()]
    subprocess.run([browser, *flags, *where], check=True, capture_output=True)
    print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size:,} bytes", file=sys.stderr)
    if picture.stat().st_size > MOST:
        raise SystemExit(f"pictures: {picture.name} is larger than {MOST:,} bytes")


if __name__ == "__main__":
    main()
