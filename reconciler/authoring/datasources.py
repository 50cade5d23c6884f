"""`datasource: name` → the object that Grafana wants, wherever a dashboard names one."""

from typing import Any

from reconciler.authoring.names import Declared
from reconciler.core.source import Mark, MarkedDict

GRAFANA = "-- Grafana --"
_BUILT_IN = {GRAFANA: "grafana", "-- Mixed --": "datasource", "-- Dashboard --": "datasource"}


def datasource(value: Any, names: Declared, where: Mark | None) -> Any:
    """The `{type, uid}` of a declared Datasource, of one of Grafana's own, or of a variable; anything but text as it
    is.
    """
    if not isinstance(value, str):
        return value
    if value in _BUILT_IN:
        return {"type": _BUILT_IN[value], "uid": value}
    if value.startswith("$"):
        return {"uid": value}
    uid = names.uid_at("datasource", value, where)
    return value if uid is None else {"type": names.type_of(value), "uid": uid}


def with_datasource(item: MarkedDict, names: Declared) -> MarkedDict:
    """A copy of a mapping whose `datasource` is the object."""
    if not isinstance(item.get("datasource"), str):
        return item
    result = MarkedDict(mark=item.mark)
    for key, value in item.items():
        if key == "datasource":
            value = datasource(value, names, item.values_at.get(key))
        result.take(key, item, value)
    return result
