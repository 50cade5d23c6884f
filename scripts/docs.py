"""`make docs`: docs/kinds/*.md from the kinds. With --check it only tells whether they are up to date."""

import sys
from pathlib import Path

from reconciler.kinds import discover
from reconciler.render.kind_page import kind_page

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "kinds"


def main() -> int:
    """Write (or check) one page a kind."""
    stale = []
    for kind in discover().values():
        path, text = FOLDER / f"{kind.name}.md", kind_page(kind)
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
    if stale and "--check" in sys.argv:
        print(f"out of date: {', '.join(stale)}: run make docs")
        return 1
    print(f"{len(stale)} of {len(discover())} pages written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
