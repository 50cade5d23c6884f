"""`make docs`: docs/kinds/*.md from the kinds, docs/checks.md from the findings. With --check it only tells whether
they are up to date.
"""

import sys
from pathlib import Path

from reconciler.checking.explanations import pages
from reconciler.kinds import discover
from reconciler.render.kind_page import kind_page

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main() -> int:
    """Write (or check) one page a kind, and that of the findings."""
    wanted = {DOCS / "kinds" / f"{kind.name}.md": kind_page(kind) for kind in discover().values()}
    wanted[DOCS / "checks.md"] = pages()
    stale = []
    for path, text in wanted.items():
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
    if stale and "--check" in sys.argv:
        print(f"out of date: {', '.join(stale)}: run make docs")
        return 1
    print(f"{len(stale)} of {len(wanted)} pages written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
