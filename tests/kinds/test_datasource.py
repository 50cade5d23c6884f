"""Datasources: what is written, what counts as a difference, and every exchange against recorded answers."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import carry_over, format_edit_path
from reconciler.core.exchange import Wanted
from reconciler.core.json import JsonObject, same
from reconciler.core.resource import LiveObject, Resource, SecretRef
from reconciler.kinds.datasource import Datasource
from tests.kinds.kind_driver import (
    CONTEXT,
    SERVER,
    LiveNames,
    answer_of,
    authored_edits,
    desired,
    documents,
    errors,
    ok,
    recorded,
    resource,
    talk,
)

SOURCE = Datasource()
PROMETHEUS = {"type": "prometheus", "url": "http://127.0.0.1:9090"}
WHOLE = {
    "name": "it",
    "type": "prometheus",
    "access": "proxy",
    "url": "http://127.0.0.1:9090",
    "user": "",
    "database": "",
    "basicAuth": False,
    "basicAuthUser": "",
    "withCredentials": False,
    "jsonData": {},
    "secureJsonFields": {},
}


def live(uid: str = "it", *, version: int | None = 3, **changes: Any) -> LiveObject:
    """A live datasource like WHOLE."""
    attributes = {**WHOLE, "isDefault": False, **changes}
    return LiveObject("datasource", uid, attributes, keys=(f"uid:{uid}",), meta={"version": version, "id": 1})


def paths(spec: Mapping[str, Any], found: LiveObject) -> list[str]:
    """What differs."""
    return [format_edit_path(edit.path) for edit in authored_edits(SOURCE, desired(SOURCE, spec).attributes, found)]


# ---- what is written ---------------------------------------------------------------------------------------------


def test_everything_has_its_default_and_access_is_always_said() -> None:
    assert desired(SOURCE, PROMETHEUS).attributes == WHOLE
    assert desired(SOURCE, {**PROMETHEUS, "name": "Metrics"}).attributes["name"] == "Metrics"


def test_the_default_is_ours_only_where_it_is_written() -> None:
    assert "isDefault" not in desired(SOURCE, PROMETHEUS).attributes
    assert desired(SOURCE, {**PROMETHEUS, "isDefault": False}).attributes["isDefault"] is False


def test_secrets_are_references_and_only_their_keys_are_attributes() -> None:
    made = desired(
        SOURCE,
        {**PROMETHEUS, "secureJsonData": {"tlsCACert": "${file:certs/ca.pem}", "password": "${env:DB:-a b}"}},
    )
    assert made.attributes["secureJsonFields"] == {"password": True, "tlsCACert": True}
    assert made.secrets == {
        "secureJsonData.password": SecretRef("${env:DB:-a b}"),
        "secureJsonData.tlsCACert": SecretRef("${file:certs/ca.pem}"),
    }


CANARY = "c4n4ry-53cr37"
SECRET_HELP = (
    "write ${env:NAME}, ${env:NAME:-default}, ${file:path}, ${command:…} or ${sops:path#key}, and nothing around it"
)


@pytest.mark.parametrize(
    "value", [CANARY, "", f"${{env:X}}{CANARY}", f"{CANARY}${{env:X}}", "${env:}", "${Vault:x}", "${env:X}\n", "$X"]
)
def test_a_literal_secret_is_refused_and_never_shown(value: str) -> None:
    ((where, message),) = errors(SOURCE, {**PROMETHEUS, "secureJsonData": {"password": value}})
    assert where == ("secureJsonData", "password")
    assert message == f"a secret must be a reference, and this is a text of another form: {SECRET_HELP}"


@pytest.mark.parametrize("value", [4711, True, None, ["${env:X}"], {"a": "b"}, 1.5])
def test_a_secret_that_is_no_text_is_refused_and_never_shown(value: object) -> None:
    ((where, message),) = errors(SOURCE, {**PROMETHEUS, "secureJsonData": {"password": value}})
    assert where == ("secureJsonData", "password")
    assert message == f"a secret must be a reference, and this is not even a text: {SECRET_HELP}"


def test_a_secret_is_in_no_text_of_the_error() -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError) as caught:
        SOURCE.spec.model_validate({**PROMETHEUS, "secureJsonData": {"password": CANARY, "n": 47114711}, "typo": 1})
    assert CANARY not in str(caught.value) and "47114711" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"type": None}, ("type",), "Input should be a valid string"),
        ({"type": ""}, ("type",), "String should have at least 1 character"),
        ({"name": ""}, ("name",), "String should have at least 1 character"),
        ({"name": "x" * 191}, ("name",), "String should have at most 190 characters"),
        ({"access": "server"}, ("access",), "Input should be 'proxy' or 'direct'"),
        ({"basicAuth": "yes"}, ("basicAuth",), "Input should be a valid boolean"),
        ({"isDefault": 1}, ("isDefault",), "Input should be a valid boolean"),
        ({"jsonData": []}, ("jsonData",), "Input should be a valid dictionary"),
        ({"secureJsonFields": {"password": True}}, ("secureJsonFields",), "Extra inputs are not permitted"),
        ({"secureJsonData": ["x"]}, ("secureJsonData",), "Input should be a valid dictionary"),
        ({"readOnly": True}, ("readOnly",), "Extra inputs are not permitted"),
    ],
)
def test_bad_input(change: JsonObject, where: tuple[str, ...], message: str) -> None:
    found = errors(SOURCE, {**PROMETHEUS, **change})
    assert found == [(where, message)]


def test_the_longest_name_passes() -> None:
    assert desired(SOURCE, {**PROMETHEUS, "name": "x" * 190})


# ---- what counts as a difference -----------------------------------------------------------------------------------


def test_the_same_is_no_difference_whoever_is_the_default() -> None:
    assert paths(PROMETHEUS, live()) == paths(PROMETHEUS, live(isDefault=True)) == []
    assert paths({**PROMETHEUS, "isDefault": True}, live()) == ["isDefault"]
    assert "isDefault" not in SOURCE.project(live(isDefault=True).attributes, WHOLE), "nor for drift, both ways"
    assert SOURCE.project(live().attributes, {**WHOLE, "isDefault": True})["isDefault"] is False


def test_what_the_list_and_older_servers_leave_out_is_its_default() -> None:
    bare = LiveObject("datasource", "it", {"name": "it", "type": "prometheus", "url": PROMETHEUS["url"]})
    assert paths(PROMETHEUS, bare) == []
    null = live(jsonData=None, secureJsonFields=None, user=None, access="")
    assert paths(PROMETHEUS, null) == []


def test_a_missing_secret_is_a_difference_and_a_false_one_is_missing() -> None:
    spec = {**PROMETHEUS, "secureJsonData": {"password": "${env:DB}"}}
    assert paths(spec, live(secureJsonFields={"password": True})) == []
    assert paths(spec, live()) == paths(spec, live(secureJsonFields={"password": False}))
    assert paths(spec, live()) == ["secureJsonFields.password"]


def test_secrets_that_grafana_does_not_hold_are_named() -> None:
    wanted = resource(SOURCE, {**PROMETHEUS, "secureJsonData": {"a": "${env:A}", "b": "${env:B}"}})
    held = live(secureJsonFields={"b": True, "theirs": True})
    assert SOURCE.unset_secrets(wanted, held) == ("secureJsonData.a",)
    assert SOURCE.unset_secrets(wanted, live(secureJsonFields=None)) == ("secureJsonData.a", "secureJsonData.b")
    assert SOURCE.unset_secrets(resource(SOURCE, PROMETHEUS), held) == ()


JSON_DATA = st.dictionaries(
    st.text("abcXYZ", min_size=1, max_size=4), st.booleans() | st.integers(-9, 9) | st.text(max_size=3), max_size=3
)
LIVE = st.fixed_dictionaries(
    {
        "name": st.text("abc -", min_size=1, max_size=8),
        "type": st.sampled_from(["prometheus", "loki", "unheard-of"]),
        "access": st.sampled_from(["proxy", "direct"]),
        "url": st.sampled_from(["", "http://x"]),
        "user": st.text(max_size=3),
        "database": st.text(max_size=3),
        "basicAuth": st.booleans(),
        "basicAuthUser": st.text(max_size=3),
        "withCredentials": st.booleans(),
        "isDefault": st.booleans(),
        "jsonData": JSON_DATA | st.none(),
        "secureJsonFields": st.dictionaries(st.sampled_from(["a.b", "a_b", "aB", "1"]), st.just(True)),
    }
)


@given(LIVE, st.sampled_from(["main-db", "1st"]))
def test_what_is_pulled_comes_to_what_is_live(attributes: dict[str, Any], name: str) -> None:
    found = LiveObject("datasource", "ds", attributes)
    written = SOURCE.authored(found, LiveNames(ds=name))
    made = desired(SOURCE, written.spec, name=name)
    assert authored_edits(SOURCE, made.attributes, found) == ()
    assert len(set(written.secrets)) == len(made.secrets) == len(attributes["secureJsonFields"])
    for variable, reference in zip(written.secrets, made.secrets.values(), strict=True):
        assert str(reference) == f"${{env:{variable}}}"
        assert variable.isascii() and variable.isidentifier() and variable == variable.upper()


def test_secrets_are_named_after_the_datasource_and_the_key() -> None:
    found = live(secureJsonFields={"password": True, "httpHeaderValue1": True})
    written = SOURCE.authored(found, LiveNames(it="main-db"))
    assert written.secrets == ("MAIN_DB_HTTPHEADERVALUE1", "MAIN_DB_PASSWORD")
    assert written.spec["secureJsonData"] == {
        "httpHeaderValue1": "${env:MAIN_DB_HTTPHEADERVALUE1}",
        "password": "${env:MAIN_DB_PASSWORD}",
    }
    assert SOURCE.authored(found, LiveNames()).secrets[1] == "IT_PASSWORD"


@given(LIVE)
def test_normalise_is_idempotent(attributes: dict[str, Any]) -> None:
    once = SOURCE.normalise(attributes)
    assert same(SOURCE.normalise(once), once)


# ---- exchanges -----------------------------------------------------------------------------------------------------


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


def test_names_are_unique() -> None:
    assert SOURCE.claims(resource(SOURCE, {**PROMETHEUS, "name": "Metrics"})) == ("name:Metrics",)
    assert SOURCE.uid("it", "ugly") == "ugly"


def test_the_example_has_a_secret() -> None:
    (document,) = documents(SOURCE.example)
    assert desired(SOURCE, document["spec"]).secrets
