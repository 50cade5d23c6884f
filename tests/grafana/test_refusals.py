"""409 and 412 are six different things; recorded answers are in test_recordings, here are the others."""

from typing import Any

import pytest

from reconciler.core.errors import (
    AlreadyExists,
    Busy,
    ChangedMeanwhile,
    ExitCode,
    InUse,
    NameTaken,
    PluginOwned,
    ServerError,
)
from reconciler.core.exchange import ApiRequest
from reconciler.grafana.answers import classify
from tests.grafana.test_answers import reply

FOLDER = ApiRequest("POST", "/api/folders", body={"uid": "f", "title": "F"})
FOLDER_PUT = ApiRequest("PUT", "/api/folders/f", body={"title": "F", "version": 1})
NEW = ApiRequest("POST", "/api/dashboards/db", body={"dashboard": {"uid": "d", "title": "D"}, "overwrite": False})
SAVE = ApiRequest("POST", "/api/dashboards/db", body={"dashboard": {"uid": "d", "title": "D", "version": 3}})
KUBE = ApiRequest("PUT", "/apis/dashboard.grafana.app/v0alpha1/namespaces/default/dashboards/d", body={})
MISMATCH = {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}


def refused(request: ApiRequest, status: int, body: Any) -> ServerError:
    found = classify(request, reply(status, body))
    assert found is not None
    assert not found.ambiguous
    return found


THREE = [
    (SAVE, MISMATCH, ChangedMeanwhile, "changed-meanwhile", ExitCode.CONFLICT),
    (
        SAVE,
        {"message": "A dashboard with the same name in the folder already exists", "status": "name-exists"},
        NameTaken,
        "name-taken",
        ExitCode.PARTIAL,
    ),
    (
        SAVE,
        {"message": "The dashboard belongs to plugin Test Plugin.", "status": "plugin-dashboard"},
        PluginOwned,
        "plugin-owned",
        ExitCode.REFUSED,
    ),
]


@pytest.mark.parametrize(("request_", "body", "error", "code", "exit_code"), THREE, ids=[row[3] for row in THREE])
def test_the_three_meanings_of_412(
    request_: ApiRequest, body: Any, error: type[ServerError], code: str, exit_code: ExitCode
) -> None:
    found = refused(request_, 412, body)
    assert (type(found), found.diagnostics[0].code, found.exit_code) == (error, code, exit_code)
    assert body["message"] in found.diagnostics[0].message


def test_their_hints_differ() -> None:
    assert len({refused(row[0], 412, row[1]).diagnostics[0].hint for row in THREE}) == 3


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (412, b""),
        (412, {}),
        (409, b""),
        (412, {"message": "the folder has been changed by someone else"}),
        (409, {"message": "a folder with the same uid already exists"}),
        (400, {"message": "a folder with the same uid already exists"}),
        (409, {"kind": "Status", "reason": "AlreadyExists", "message": 'folders "busy name" already exists'}),
    ],
)
def test_a_folder_that_is_there_in_all_the_ways_it_was_ever_said(status: int, body: Any) -> None:
    assert type(refused(FOLDER, status, body)) is AlreadyExists


def test_a_save_without_a_version_cannot_have_been_overtaken() -> None:
    assert type(refused(NEW, 412, MISMATCH)) is AlreadyExists
    assert type(refused(FOLDER_PUT, 412, b"")) is ChangedMeanwhile


@pytest.mark.parametrize(
    "message",
    [
        "Operation cannot be fulfilled on dashboards: the object has been modified; please apply your changes to the "
        "latest version and try again",
        "optimistic locking failed",
        "requested RV does not match current RV",
    ],
)
def test_an_optimistic_lock_is_no_busy_server(message: str) -> None:
    body = {"kind": "Status", "reason": "Conflict", "message": message, "code": 409}
    assert type(refused(KUBE, 409, body)) is ChangedMeanwhile


@pytest.mark.parametrize("request_", [FOLDER, SAVE, KUBE], ids=["create", "save", "kube"])
@pytest.mark.parametrize("status", [409, 412])
@pytest.mark.parametrize(
    "body",
    [
        {"message": "database is locked"},
        {"message": "the server is busy, please try again"},
        {"message": "another installation is in progress"},
        {"kind": "Status", "reason": "ServerTimeout", "message": "later"},
    ],
)
def test_busy_is_not_exists(request_: ApiRequest, status: int, body: Any) -> None:
    assert type(refused(request_, status, body)) is Busy


def test_a_quoted_name_decides_nothing() -> None:
    body = {"message": "the object 'name taken' has been changed by someone else"}
    assert type(refused(FOLDER_PUT, 412, body)) is ChangedMeanwhile


def test_in_use_is_neither() -> None:
    assert type(refused(ApiRequest("DELETE", "/api/x"), 409, {"message": "x is referenced by y"})) is InUse
