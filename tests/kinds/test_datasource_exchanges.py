"""Datasources: the exchanges, held to the recordings."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.diff import carry_over
from reconciler.core.exchange import Wanted
from reconciler.core.resource import LiveObject, Resource, SecretRef
from tests.kinds.kind_driver import (
    CONTEXT,
    SERVER,
    answer_of,
    desired,
    ok,
    recorded,
    resource,
    talk,
)
from tests.kinds.test_datasource import PROMETHEUS, SOURCE, WHOLE, live


def test_read_as_recorded() -> None:
    found = talk(SOURCE.read(SERVER, "prom"), [answer_of(recorded("datasource-secrets")[1])]).result
    assert found.attributes == {
        **WHOLE,
        "name": "Prometheus",
        "basicAuth": True,
        "basicAuthUser": "u",
        "isDefault": True,
        "jsonData": {"httpHeaderName1": "X-Token"},
        "secureJsonFields": {"basicAuthPassword": True, "httpHeaderValue1": True},
    }
    assert found.keys == ("uid:prom", "name:Prometheus")
    assert (found.revision, found.version, found.manager) == (None, None, None)
    assert found.meta["version"] == 1


def test_absent_as_recorded() -> None:
    going = talk(SOURCE.read(SERVER, "a b"), [answer_of(recorded("datasource-lifecycle")[1])])
    assert going.result is None and going.lines == ["GET /api/datasources/uid/a%20b"]


def test_one_from_a_file_is_somebody_elses() -> None:
    provisioned = recorded("datasource-provisioned")
    found = talk(SOURCE.read(SERVER, "from-file"), [answer_of(provisioned[0])]).result
    assert "file provisioning (read-only; the entry 'FromFile'" in found.manager.name
    assert "`editable: true`" in found.manager.release
    assert talk(SOURCE.listing(SERVER, Wanted()), [answer_of(provisioned[3])]).found[0].manager == found.manager


def test_listing_reads_the_wanted_ones_whole() -> None:
    listed, whole = answer_of(recorded("datasource-default")[5]), answer_of(recorded("datasource-default")[2])
    going = talk(SOURCE.listing(SERVER, Wanted(frozenset({"prom"}))), [listed, whole])
    assert going.lines == ["GET /api/datasources", "GET /api/datasources/uid/prom"]
    assert [(found.uid, found.complete) for found in going.found] == [("prom", True), ("second", False)]
    assert going.found[1].keys == ("uid:second", "name:Second")


def test_one_that_goes_between_list_and_read_is_not_listed() -> None:
    listed = answer_of(recorded("datasource-default")[5])
    absent = answer_of(recorded("datasource-lifecycle")[1])
    going = talk(SOURCE.listing(SERVER, Wanted(frozenset({"prom"}))), [listed, absent])
    assert [found.uid for found in going.found] == ["second"]


def test_create_sends_everything_and_the_secrets_as_references() -> None:
    spec = {**PROMETHEUS, "jsonData": {"httpMethod": "POST"}, "secureJsonData": {"password": "${env:DB}"}}
    going = talk(SOURCE.create(CONTEXT, resource(SOURCE, spec)), [answer_of(recorded("datasource-lifecycle")[2])])
    body = {**WHOLE, "uid": "it", "jsonData": {"httpMethod": "POST"}}
    del body["secureJsonFields"]
    assert going.writes == [
        ("POST", "/api/datasources", {**body, "secureJsonData": {"password": SecretRef("${env:DB}")}})
    ]
    assert going.result == "prom", "what the server says"


def _updated(spec: Mapping[str, Any], found: LiveObject, *, send: tuple[str, ...] = ()) -> dict[str, Any]:
    wanted = resource(SOURCE, spec)
    chosen = {name: ref for name, ref in wanted.secrets.items() if name in send}
    sent = Resource(wanted.address, wanted.uid, wanted.attributes, chosen)
    updated = answer_of(recorded("datasource-lifecycle")[6])
    ((method, path, body),) = talk(SOURCE.update(CONTEXT, sent, found), [updated]).writes
    assert (method, path) == ("PUT", "/api/datasources/uid/it")
    return dict(body)


def test_update_sends_everything_with_the_version_read_before() -> None:
    body = _updated({**PROMETHEUS, "url": "http://new"}, live(version=7))
    expected = {**WHOLE, "url": "http://new", "isDefault": False, "version": 7}
    del expected["secureJsonFields"]
    assert body == expected


def test_update_without_a_known_version_sends_none() -> None:
    assert "version" not in _updated(PROMETHEUS, live(version=None))


def test_a_stale_version_is_the_drivers_to_raise() -> None:
    exchange = SOURCE.update(CONTEXT, resource(SOURCE, PROMETHEUS), live())
    assert 409 not in next(exchange).handles
    exchange.close()


@pytest.mark.parametrize("now", [True, False])
def test_update_keeps_the_default_where_nobody_wrote_it(now: bool) -> None:
    assert _updated(PROMETHEUS, live(isDefault=now))["isDefault"] is now
    assert _updated({**PROMETHEUS, "isDefault": not now}, live(isDefault=now))["isDefault"] is not now


def test_update_sends_exactly_the_secrets_it_is_given_and_empties_what_is_no_longer_declared() -> None:
    spec = {**PROMETHEUS, "secureJsonData": {"a": "${env:A}", "b": "${env:B}"}}
    found = live(secureJsonFields={"a": True, "b": True, "old": True})
    assert _updated(spec, found, send=("secureJsonData.b",))["secureJsonData"] == {
        "b": SecretRef("${env:B}"),
        "old": "",
    }
    assert "secureJsonData" not in _updated(spec, live(secureJsonFields={"a": True, "b": True}))


def test_a_secret_that_nobody_ever_declared_survives_an_update() -> None:
    """What the engine carries over (it was there, and was never ours) is not taken for undeclared."""
    wanted = SOURCE.normalise(desired(SOURCE, PROMETHEUS).attributes)
    found = live(secureJsonFields={"theirs": True})
    target = carry_over(wanted, wanted, SOURCE.project(SOURCE.normalise(found.attributes), wanted))
    sent = Resource(resource(SOURCE, PROMETHEUS).address, "it", target)
    ((_, _, body),) = talk(SOURCE.update(CONTEXT, sent, found), [ok({})]).writes
    assert "secureJsonData" not in body


def test_what_no_update_can_empty_is_said() -> None:
    wanted = resource(SOURCE, {"type": "prometheus"})
    notes = SOURCE.notes(wanted, live(basicAuthUser="u", user="gone"))
    assert [note.partition(":")[0] for note in notes] == ["url", "basicAuthUser"]
    assert SOURCE.notes(wanted, live(url="", user="x")) == () == SOURCE.notes(wanted, None)
    assert SOURCE.notes(resource(SOURCE, {**PROMETHEUS, "url": "http://new"}), live()) == ()


def test_delete_as_recorded() -> None:
    life = recorded("datasource-lifecycle")
    assert talk(SOURCE.delete(CONTEXT, live()), [answer_of(life[11])]).lines == ["DELETE /api/datasources/uid/it"]
    talk(SOURCE.delete(CONTEXT, live()), [answer_of(life[13])])
