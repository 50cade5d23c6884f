"""People who work in the Grafana of the tests beside ggrec."""

from typing import Any

import httpx


def edit(sandbox: Any, who: str, message: str = "", /, **keys: Any) -> None:
    """Somebody saves the dashboard with other keys."""
    auth = (who, "pw")
    found = httpx.get(f"{sandbox.url}/api/dashboards/uid/orders", auth=auth).json()
    body = {"dashboard": {**found["dashboard"], **keys}, "folderUid": "ops", "message": message}
    assert httpx.post(f"{sandbox.url}/api/dashboards/db", auth=auth, json=body).status_code == 200


def live(sandbox: Any) -> dict[str, Any]:
    """The dashboard as Grafana has it."""
    answer = httpx.get(f"{sandbox.url}/api/dashboards/uid/orders", auth=("admin", "admin"))
    found: dict[str, Any] = answer.json()["dashboard"]
    return found
