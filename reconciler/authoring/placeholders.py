"""`${dashboard.x}` in the links of a dashboard: a link that is declared once knows on which dashboard it stands."""

import re
from typing import Any
from urllib.parse import quote

from reconciler.authoring.problems import Problems, suggestion
from reconciler.core.json import digest, text_of
from reconciler.core.source import MarkedDict, MarkedList, mark_at

_PLACEHOLDER = re.compile(r"\$\{dashboard\.([a-z_]+)\}")
_TITLE = "${dashboard.title}"
_VERSION = "${dashboard.version}"
_VERSION_LENGTH = 8


def with_placeholders(model: MarkedDict, uid: str, problems: Problems) -> tuple[MarkedDict, str, list[str]]:
    """The model with `${dashboard.title}`, `.uid` and `.version` filled in in its links; in a `url` they are
    percent-encoded. The version is the beginning of the declared dashboard's digest: it changes exactly when what is
    declared does, and on no other occasion, unlike the number that Grafana counts its saves by. Beside the model
    the version, where a link names it ("": none does), and the paths of the texts that name the title.
    """
    links = model.get("links")
    if not isinstance(links, MarkedList) or not any(_PLACEHOLDER.search(text) for text in _texts(links)):
        return model, "", []
    known = {
        "title": text_of(model.get("title")),
        "uid": uid,
        "version": digest(model).rpartition(":")[2][:_VERSION_LENGTH],
    }
    made = MarkedList(mark=links.mark)
    for index, link in enumerate(links):
        made.add(_link(links, index, known, problems) if isinstance(link, MarkedDict) else link, links.items_at[index])
    stamped = any(_VERSION in text for text in _texts(links))
    titled = [
        f"links[{index}].{key}"
        for index, link in enumerate(links)
        if isinstance(link, dict)
        for key, text in link.items()
        if isinstance(text, str) and _TITLE in text
    ]
    return model.replaced({"links": made}), known["version"] if stamped else "", titled


def _texts(links: MarkedList) -> list[str]:
    return [text for link in links if isinstance(link, dict) for text in link.values() if isinstance(text, str)]


def _link(links: MarkedList, index: int, known: dict[str, str], problems: Problems) -> MarkedDict:
    link: MarkedDict = links[index]
    result = MarkedDict(mark=link.mark)
    for key, value in link.items():

        def put(match: re.Match[str], key: str = key) -> str:
            text = known.get(match.group(1))
            if text is None:
                where = mark_at(links, (index, key))
                message = f"{match.group()} stands for nothing"
                problems.at(where, "unknown-placeholder", message, suggestion(match.group(1), known))
                return match.group()
            return quote(text, safe="") if key == "url" else text

        filled: Any = _PLACEHOLDER.sub(put, value) if isinstance(value, str) else value
        result.take(key, link, filled)
    return result
