"""Every recorded exchange with a real Grafana 12.3.0, replayed against the sandbox.

What the sandbox does not satisfy is in NOT_SATISFIED by name, with the reason; the table must be exact.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.dispatch import Dispatcher, body_of
from reconciler.sandbox.world import World
from tests.conftest import SHARED, shared

_NO_KIND = "no kind of ggrec yet"
_MIGRATION = "shows copies migrated to v1beta1 or v2beta1, which ggrec never reads: not emulated"
_PROVISIONING = "over the provisioning API, which ggrec does not use for them; see recordings/ for the one it uses"
NOT_SATISFIED = {
    "alerting-apis": f"asks for the provisioning API and the built-in templates too: {_PROVISIONING}",
    "apis-discovery": "lists every group and resource of a whole Grafana; the sandbox serves two groups",
    "contact-point": f"contact points: {_PROVISIONING}",
    "dashboard-body-fidelity": _MIGRATION,
    "k8s-dashboard-lifecycle": _MIGRATION,
    "k8s-dashboard-list": _MIGRATION,
    "k8s-v2-dashboard": _MIGRATION,
    "message-template": f"message templates: {_PROVISIONING}",
    "mute-timing": f"mute timings: {_PROVISIONING}",
    "notification-policy": f"notification policies: {_PROVISIONING}",
    "org-and-user": f"organisations and users: {_NO_KIND}",
    "playlist": f"playlists: {_NO_KIND}",
    "public-dashboard": f"public dashboards: {_NO_KIND}",
    "service-account": f"service accounts: {_NO_KIND}",
}
_OWN = Path(__file__).parent / "recordings"
_NAMES = sorted(path.stem for path in (SHARED / "contract").glob("*.json")) if SHARED.exists() else []


@pytest.mark.parametrize("name", _NAMES or [pytest.param("", marks=pytest.mark.skip(reason="no recordings here"))])
def test_replay(name: str) -> None:
    recording = json.loads((shared("contract") / f"{name}.json").read_text())
    differences = replay(recording)
    if name in NOT_SATISFIED:
        assert differences, f"{name} is satisfied now: take it out of NOT_SATISFIED"
    else:
        assert not differences, "\n".join(differences[:10])


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted(_OWN.glob("*.json"))])
def test_replay_of_our_own(path: Path) -> None:
    differences = replay(json.loads(path.read_text()))
    assert not differences, "\n".join(differences[:10])


def test_the_table_names_only_recordings() -> None:
    shared("contract")
    assert set(NOT_SATISFIED) <= set(_NAMES)


def test_a_wrong_value_is_seen() -> None:
    recording = json.loads((shared("contract") / "folder-lifecycle.json").read_text())
    recording["exchanges"][3]["response"]["body"]["title"] = "something else"
    assert replay(recording)


def replay(recording: dict[str, Any]) -> list[str]:
    """All differences between the recorded answers and the sandbox's."""
    dispatcher, identities = _fresh(recording)
    volatile = [_pattern(path) for path in recording["volatile"]]
    answers: list[Any] = []
    found: list[str] = []
    for index, exchange in enumerate(recording["exchanges"]):
        captured = _captures(recording["captures"], answers)
        request = _filled(exchange["request"], captured)
        status, content_type, body = _send(dispatcher, identities[exchange["as"]], request)
        answers.append(body)
        expected = exchange["response"]
        where = f"exchanges[{index}].response"
        if status != expected["status"]:
            found.append(f"{where}: {request['method']} {request['path']}: {status}, recorded {expected['status']}")
            continue
        if content_type.partition(";")[0] != expected["headers"].get("content-type", content_type).partition(";")[0]:
            found.append(f"{where}: content type {content_type}")
        found += _differences(f"{where}.body", body, expected["body"], volatile)
    return found


def _fresh(recording: dict[str, Any]) -> tuple[Dispatcher, dict[str, str]]:
    world = World()
    world.users[1].uid = "fg56nu6lg34zkb"  # the recordings' first user: every scenario began on a copy of one server
    basic = "Basic " + base64.b64encode(b"admin:admin").decode()
    identities = {
        "admin": basic,
        "editor": "Bearer " + world.add_service_account("editor", "Editor"),
        "viewer": "Bearer " + world.add_service_account("viewer", "Viewer"),
        "bad-token": "Bearer glsa_nobody",
        "anonymous": "",
    }
    identities["expired-token"] = "Bearer glsa_expired"
    world.tokens["glsa_expired"] = (3, 1, True)
    dispatcher = Dispatcher(world)
    for name, text in (recording.get("provisioned_files") or {}).items():
        _provision(world, name, text if isinstance(text, str) else json.dumps(text))
    return dispatcher, identities


def _provision(world: World, name: str, text: str) -> None:
    """What a Grafana does with the files of its provisioning folder, as far as the two recordings need."""
    org = world.orgs[1]
    stamp = world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    if name.endswith(".json"):
        model = json.loads(text)
        body = {key: value for key, value in sorted(model.items()) if key not in {"id", "uid", "version"}}
        org.dashboards[model["uid"]] = {
            "id": world.next("dashboard"), "uid": model["uid"], "version": 1, "title": model["title"], "body": body,
            "folderUid": "", "created": stamp, "updated": stamp, "createdBy": "Anonymous", "updatedBy": "Anonymous",
            "createdUser": "", "updatedUser": "", "provisioned": Path(name).name, "json": None,
            "manager": {"managedBy": "classic-file-provisioning", "managerId": "files", "sourcePath": Path(name).name,
                        "sourceChecksum": "7719fedc30b32e93307d2eb124121225", "sourceTimestamp": "1795453258"},
        }  # fmt: skip
        org.versions[model["uid"]] = []
    elif "datasources:" in text:
        org.datasources["from-file"] = {
            "id": world.next("datasource"), "uid": "from-file", "name": "FromFile", "type": "prometheus",
            "access": "proxy",
            "url": "http://127.0.0.1:9090", "user": "", "database": "", "basicAuth": False, "basicAuthUser": "",
            "withCredentials": False, "isDefault": True, "jsonData": {}, "secrets": {}, "readOnly": True, "version": 1,
        }  # fmt: skip


def _send(dispatcher: Dispatcher, authorization: str, request: dict[str, Any]) -> tuple[int, str, Any]:
    headers = {"authorization": authorization} if authorization else {}
    headers |= {key.lower(): str(value) for key, value in (request.get("headers") or {}).items()}
    query: dict[str, list[str]] = {}
    for key, value in (request.get("query") or {}).items():
        query[key] = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    body = b""
    if request.get("body") is not None:
        body = json.dumps(request["body"]).encode()
    elif request.get("raw"):
        body = request["raw"].encode()
    reply = dispatcher.answer(request["method"], request["path"], query, headers, body)
    data = body_of(reply)
    content: Any = data.decode() or None
    if "json" in reply.content_type:
        content = json.loads(data) if data else None
    return reply.status, reply.content_type, content


def _captures(captures: dict[str, Any], answers: list[Any]) -> dict[str, Any]:
    found = {}
    for name, capture in captures.items():
        if capture["exchange"] < len(answers):
            value = answers[capture["exchange"]]
            for step in capture["path"]:
                value = value[step] if isinstance(value, dict | list) and _has(value, step) else None
            found[name] = value
    return found


def _has(value: Any, step: Any) -> bool:
    return step in value if isinstance(value, dict) else isinstance(step, int) and step < len(value)


def _filled(value: Any, captured: dict[str, Any]) -> Any:
    if isinstance(value, str):
        whole = re.fullmatch(r"\$\{(\w+)\}", value)
        if whole and whole.group(1) in captured:
            return captured[whole.group(1)]
        return re.sub(r"\$\{(\w+)\}", lambda m: str(captured.get(m.group(1), m.group())), value)
    if isinstance(value, dict):
        return {key: _filled(item, captured) for key, item in value.items()}
    return [_filled(item, captured) for item in value] if isinstance(value, list) else value


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\[\*\]", r"\[\d+\]") + r"\Z")


def _differences(where: str, mine: Any, theirs: Any, volatile: list[re.Pattern[str]]) -> list[str]:
    if any(pattern.match(where) for pattern in volatile):
        same = type(mine) is type(theirs) or (isinstance(mine, int | float) and isinstance(theirs, int | float))
        return [] if same else [f"{where}: type {type(mine).__name__}, recorded {type(theirs).__name__}"]
    if isinstance(mine, dict) and isinstance(theirs, dict):
        found = [f"{where}: keys {sorted(set(mine) ^ set(theirs))} differ"] if set(mine) != set(theirs) else []
        for key in set(mine) & set(theirs):
            plain = re.fullmatch(r"\w+", key)
            found += _differences(f"{where}.{key}" if plain else f"{where}['{key}']", mine[key], theirs[key], volatile)
        return found
    if isinstance(mine, list) and isinstance(theirs, list):
        if len(mine) != len(theirs):
            return [f"{where}: {len(mine)} items, recorded {len(theirs)}"]
        pairs = enumerate(zip(mine, theirs, strict=True))
        return [d for i, (a, b) in pairs for d in _differences(f"{where}[{i}]", a, b, volatile)]
    return (
        []
        if mine == theirs and isinstance(mine, bool) == isinstance(theirs, bool)
        else [f"{where}: {mine!r}, recorded {theirs!r}"]
    )
