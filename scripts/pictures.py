"""`make pictures`: the preview pages of desired/ as small pictures in docs/pictures/, for README and docs.

Needs Chromium on PATH. Pictures are half the page's size and stay below 200 kB each.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GGREC = [sys.executable, "-c", "from reconciler.cli import main; main()"]
OUT = ROOT / "docs" / "pictures"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking",
         "--force-device-scale-factor=0.5", "--blink-settings=preferredColorScheme=1"]  # fmt: skip
MOST = 200_000
"""Bytes of one picture."""


def main() -> None:
    """Draw every page, and say what came of it. Ends with a message where there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("pictures: no chromium on PATH")
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        pages = Path(name) / "site"
        subprocess.run([*GGREC, "preview", "-o", str(pages)], cwd=ROOT, check=True)
        for page in sorted(pages.glob("*.html")):
            picture = OUT / f"{page.stem}.png"
            size = f"--window-size=1400,{_height(page)}"
            where = [f"--user-data-dir={name}/profile", f"--screenshot={picture}", size, page.as_uri()]
            subprocess.run([browser, *FLAGS, *where], check=True, capture_output=True)
            print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size:,} bytes")
            if picture.stat().st_size > MOST:
                raise SystemExit(f"pictures: {picture.name} is larger than {MOST:,} bytes")


def _height(page: Path) -> int:
    """Enough for the page: its grids as the page itself declares them, rows, and the head."""
    text = page.read_text("utf-8")
    grids = [int(part.partition("px")[0]) for part in text.split('<div class="grid" style="height:')[1:]]
    folded = sum(
        int(part.partition('class="grid" style="height:')[2].partition("px")[0] or 0)
        for part in text.split('<details class="row"><summary>')[1:]
    )
    return max(700, sum(grids) - folded + 46 * text.count('<details class="row') + 260)


if __name__ == "__main__":
    main()
