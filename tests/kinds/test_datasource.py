"""Datasources: what is written, what counts as a difference, and every exchange against recorded answers."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import format_edit_path
from reconciler.core.json import JsonObject, same
from reconciler.core.resource import LiveObject, SecretRef
from reconciler.kinds.datasource import Datasource
from tests.kinds.kind_driver import (
    LiveNames,
    authored_edits,
    desired,
    documents,
    errors,
    resource,
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


def test_names_are_unique() -> None:
    assert SOURCE.claims(resource(SOURCE, {**PROMETHEUS, "name": "Metrics"})) == ("name:Metrics",)
    assert SOURCE.uid("it", "ugly") == "ugly"


def test_the_example_has_a_secret() -> None:
    (document,) = documents(SOURCE.example)
    assert desired(SOURCE, document["spec"]).secrets
