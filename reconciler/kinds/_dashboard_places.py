"""A place in a dashboard's model as people call it: `panel 3 "Orders": query A`."""

from reconciler.core.diff import EditPath, Key
from reconciler.core.semantic import inner, path_name
from reconciler.kinds._dashboard_changes import PARTS, called

_TEXTS = frozenset({"expr", "query", "rawSql"})
_WORDS = {"gridPos": "place and size", "datasource": "data source", "targets": "queries"}


def dashboard_place(whole: EditPath, body: str | None) -> str:
    """A panel by its number and title, a query by its letter; `body` is the attribute that holds the model."""
    path = inner(whole, body)
    end = 0
    while len(path) >= end + 2 and path[end] == "panels" and isinstance(path[end + 1], Key | int):
        end += 2
    if end:
        return in_panel(called(path[end - 1]), path[end:])
    if path[:1] == ("elements",) and len(path) > 1:
        return in_panel(called(path[1]), path[2:])
    if path == ("folderUid",):
        return "its folder"
    for prefix, noun in PARTS:
        at = len(prefix)
        if path[:at] == prefix and len(path) > at:
            step = path[at]
            name = f' "{step.value}"' if isinstance(step, Key) else f" #{step + 1}" if isinstance(step, int) else ""
            return in_panel(noun + name, path[at + 1 :])
    return path_name(path) or "all of it"


def in_panel(subject: str, rest: EditPath) -> str:
    """A place inside a panel (or another part) that is called `subject`."""
    if not rest:
        return subject
    if rest[0] == "targets" and len(rest) > 1:
        step = rest[1]
        query = f"query {step.value}" if isinstance(step, Key) else f"query #{int(step) + 1}"
        inside = rest[2:]
        return f"{subject}: {query}" + ("" if not inside or inside[0] in _TEXTS else f", {_name(inside)}")
    return f"{subject}: {_name(rest)}"


def _name(rest: EditPath) -> str:
    if isinstance(rest[0], str) and rest[0] in _WORDS and (len(rest) == 1 or rest[0] != "targets"):
        return _WORDS[rest[0]]
    return path_name(rest)
