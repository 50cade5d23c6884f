"""Every recorded answer of a real Grafana comes to the right type of error, or to none."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import (
    AlreadyExists,
    ChangedMeanwhile,
    Forbidden,
    InUse,
    NameTaken,
    ServerError,
    Unauthorized,
    Unreachable,
)
from reconciler.core.exchange import ApiRequest
from reconciler.grafana.answers import classify, understood
from reconciler.grafana.replies import Reply
from tests.conftest import SHARED, shared

NOT_A_MATTER_OF_PERMISSION = {
    ("alerting-apis", 11): "invalidProvenance",
    ("datasource-provisioned", 1): "read-only data source",
    ("datasource-provisioned", 2): "read-only data source",
}
"""The recorded 403s that no permission would help, and what says so."""
REFUSED: dict[tuple[str, int], type[ServerError]] = {
    ("alert-rule-group", 9): AlreadyExists,
    ("alerting-apis", 7): ChangedMeanwhile,
    ("contact-point", 6): AlreadyExists,
    ("contact-point", 13): InUse,
    ("dashboard-noop-save", 3): ChangedMeanwhile,
    ("dashboard-uid-of-a-folder", 1): AlreadyExists,
    ("dashboard-uid-of-a-folder", 2): AlreadyExists,
    ("dashboard-version-conflict", 2): ChangedMeanwhile,
    ("dashboard-version-conflict", 3): ChangedMeanwhile,
    ("dashboard-version-conflict", 4): AlreadyExists,
    ("dashboard-version-conflict", 5): ChangedMeanwhile,
    ("datasource-bad-input", 1): NameTaken,
    ("datasource-bad-input", 2): AlreadyExists,
    ("datasource-bad-input", 14): NameTaken,
    ("datasource-version-conflict", 2): ChangedMeanwhile,
    ("folder-bad-input", 1): AlreadyExists,
    ("folder-bad-input", 13): NameTaken,
    ("folder-version-conflict", 1): ChangedMeanwhile,
    ("folder-version-conflict", 2): ChangedMeanwhile,
    ("folder-version-conflict", 4): ChangedMeanwhile,
    ("k8s-dashboard-lifecycle", 2): AlreadyExists,
    ("k8s-dashboard-lifecycle", 4): ChangedMeanwhile,
    ("k8s-folder-lifecycle", 9): AlreadyExists,
    ("library-panel", 5): AlreadyExists,
    ("library-panel", 14): ChangedMeanwhile,
    ("message-template", 5): ChangedMeanwhile,
    ("mute-timing", 2): NameTaken,
    ("mute-timing", 6): ChangedMeanwhile,
    ("mute-timing", 13): InUse,
    ("org-and-user", 1): NameTaken,
    ("org-and-user", 7): NameTaken,
    ("org-and-user", 14): NameTaken,
    ("service-account", 1): AlreadyExists,
    ("service-account", 9): NameTaken,
    ("team-bad-input", 2): NameTaken,
    ("team-bad-input", 8): NameTaken,
}
"""What each recorded 409 and 412 means, and the 400s that mean a taken name."""


def _exchanges(scenario: str) -> Iterator[tuple[int, ApiRequest, Reply, Any]]:
    recorded = json.loads((shared("contract") / f"{scenario}.json").read_text(encoding="utf-8"))
    for number, exchange in enumerate(recorded["exchanges"]):
        asked, answered = exchange["request"], exchange["response"]
        request = ApiRequest(asked["method"], asked["path"], body=asked["body"])
        yield number, request, _reply(answered), answered["body"]


def _reply(answered: dict[str, Any]) -> Reply:
    """Null stands for an empty body, or for the JSON value null (contract/README.md)."""
    body, media_type = answered["body"], answered["headers"].get("content-type", "")
    if isinstance(body, str) and "json" not in media_type:
        content = body.encode()
    elif body is None and (answered["status"] != 200 or not media_type):
        content = b""
    else:
        content = json.dumps(body).encode()
    return Reply(answered["status"], content, dict(answered["headers"]))


def _scenarios() -> list[str]:
    folder = SHARED / "contract"
    return sorted(path.stem for path in folder.glob("*.json")) if folder.exists() else ["auth-failures"]


def _expected(scenario: str, number: int, request: ApiRequest, reply: Reply) -> type[ServerError] | None:
    if reply.status < 300:
        return None
    if reply.status == 302:
        return Unreachable
    if reply.status == 401:
        return Unauthorized
    if reply.status == 403 and (scenario, number) not in NOT_A_MATTER_OF_PERMISSION:
        return Forbidden
    assert reply.status not in {409, 412} or (scenario, number) in REFUSED
    return REFUSED.get((scenario, number), ServerError)


@pytest.mark.parametrize("scenario", _scenarios())
def test_every_recorded_answer_is_classified(scenario: str) -> None:
    for number, request, reply, body in _exchanges(scenario):
        found = classify(request, reply)
        where = f"{scenario}[{number}] {request.method} {request.path} → {reply.status}"
        expected = _expected(scenario, number, request, reply)
        assert (type(found) if found is not None else None) is expected, where
        if found is None:
            assert understood(request, reply).body == body, where
            continue
        assert found.status == reply.status, where
        assert found.ambiguous is (request.method != "GET" and reply.status >= 500), where
        (item,) = found.diagnostics
        assert item.message.startswith(f"{request.method} {request.path}: HTTP {reply.status}: "), where
        assert item.hint, where
        if isinstance(body, dict):
            assert found.message_id == (body.get("messageId") or body.get("details", {}).get("uid", "")), where
            if item.code != "absent-api":
                assert found.message == " ".join(body.get("message", "").split()), where
                assert found.message in item.message, where


@pytest.mark.parametrize("scenario", _scenarios())
def test_a_status_that_the_kind_looks_at_is_its_own_except_401(scenario: str) -> None:
    every = frozenset(range(400, 600))
    for number, request, reply, body in _exchanges(scenario):
        found = classify(ApiRequest(request.method, request.path, handles=every), reply)
        where = f"{scenario}[{number}] {request.method} {request.path} → {reply.status}"
        absent = scenario == "apis-discovery" and request.path in {
            "/apis/folder.grafana.app/v2",
            "/apis/nonsense.grafana.app",
        }
        if reply.status in {302, 401} or absent:
            assert found is not None, where
            assert (found.diagnostics[0].code == "absent-api") is absent, where
        else:
            assert found is None, where
            assert understood(ApiRequest(request.method, request.path, handles=every), reply).body == body, where


def test_auth_failures_hold_what_is_tested_here() -> None:
    statuses = [reply.status for _, _, reply, _ in _exchanges("auth-failures")]
    assert min(statuses.count(401), statuses.count(403), statuses.count(404)) >= 5


def test_the_missing_permission_is_in_the_hint() -> None:
    named = 0
    for _, request, reply, body in _exchanges("auth-failures"):
        if reply.status == 403 and "accessErrorId" in body:
            error = classify(request, reply)
            assert error is not None
            permission = body["message"].partition("Permissions needed: ")[2]
            assert f"the permission {permission};" in error.diagnostics[0].hint
            named += 1
    assert named >= 10


@pytest.mark.parametrize(("place", "says"), sorted(NOT_A_MATTER_OF_PERMISSION.items()))
def test_no_permission_is_asked_for_where_none_helps(place: tuple[str, int], says: str) -> None:
    scenario, wanted = place
    _, request, reply, _ = next(found for found in _exchanges(scenario) if found[0] == wanted)
    error = classify(request, reply)
    assert error is not None
    assert reply.status == 403
    assert says in str(error)
    assert "not about permissions" in error.diagnostics[0].hint


def test_the_recordings_are_found_from_here() -> None:
    assert Path(__file__).parents[3] / "shared" == SHARED
