"""Contact points: what is written, what counts as a difference, which secrets are sent, and lives on the sandbox."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.core.diff import Edit, Key, Op, format_edit_path
from reconciler.core.exchange import Wanted, WriteContext
from reconciler.core.json import JsonObject, same
from reconciler.core.resource import LiveObject, SecretRef
from reconciler.kinds._contact_secrets import SECURE
from reconciler.kinds.contact_point import ContactPoint
from tests.kinds.kind_driver import (
    SERVER,
    LiveNames,
    Names,
    authored_edits,
    desired,
    errors,
    ok,
    resource,
    talk,
)
from tests.kinds.test_on_sandbox import CONTEXT, Refused, Sandbox

POINT = ContactPoint()
MAIL = {"type": "email", "settings": {"addresses": "a@example.org"}}
SLACK = {"type": "slack", "settings": {"recipient": "#ops"}, "secureSettings": {"token": "${env:SLACK}"}}
HOOK = {
    "type": "webhook",
    "settings": {"url": "http://x", "tlsConfig": {"insecureSkipVerify": True}},
    "secureSettings": {"password": "${env:P}", "tlsConfig.clientKey": "${env:K}", "hmacConfig.secret": "${env:H}"},
}
CANARY = "c4n4ry-53cr37"


@pytest.fixture
def sandbox() -> Sandbox:
    """A fresh one."""
    return Sandbox()


def failures(*integrations: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str, str, str]]:
    """What is wrong with these, found while they become attributes."""
    names = Names()
    spec = POINT.spec.model_validate({"integrations": list(integrations)})
    POINT.desired("it", spec, names)
    return names.failures


def uids(*integrations: Mapping[str, Any], name: str = "it") -> list[str]:
    """What the integrations are called."""
    made = desired(POINT, {"integrations": list(integrations)}, name=name)
    return [item["uid"] for item in made.attributes["integrations"]]  # type: ignore[index, union-attr]


# ---- what is written ---------------------------------------------------------------------------------------------


def test_each_integration_has_a_uid_of_its_own() -> None:
    assert uids(MAIL, SLACK, MAIL, {**SLACK, "uid": "mine"}, SLACK) == [
        "it-email",
        "it-slack",
        "it-email-2",
        "mine",
        "it-slack-3",
    ]
    (first,), (second,) = uids(MAIL, name="x" * 40), uids(MAIL, name="x" * 39 + "y")
    assert len(first) == len(second) == 40 and first != second, "Grafana takes no more than 40"
    assert failures({**MAIL, "uid": "it-slack"}, SLACK)[0][:2] == (("integrations", 1, "type"), "double-uid")
    assert failures({**MAIL, "uid": "a"}, {**SLACK, "uid": "a"})[0][0] == ("integrations", 1, "uid")


def test_secrets_are_references_under_the_integrations_uid() -> None:
    made = desired(POINT, {"integrations": [SLACK, HOOK]})
    assert made.secrets == {
        "it-slack.token": SecretRef("${env:SLACK}"),
        "it-webhook.hmacConfig.secret": SecretRef("${env:H}"),
        "it-webhook.password": SecretRef("${env:P}"),
        "it-webhook.tlsConfig.clientKey": SecretRef("${env:K}"),
    }
    assert "env:" not in str(made.attributes)


@pytest.mark.parametrize("value", [CANARY, "", f"${{env:X}}{CANARY}", 4711, True, [CANARY]])
def test_a_literal_secret_is_refused_and_never_shown(value: object) -> None:
    spec = {"integrations": [MAIL, {**SLACK, "secureSettings": {"token": value}}]}
    ((where, message),) = errors(POINT, spec)
    assert where == ("integrations", 1, "secureSettings", "token")
    assert message.startswith("a secret must be a reference") and CANARY not in message and "4711" not in message


@pytest.mark.parametrize(
    ("sort", "settings_", "where"),
    [(sort, path, path.split(".")) for sort, paths in SECURE.items() for path in paths],
)
def test_a_secret_setting_outside_its_place_is_refused(sort: str, settings_: str, where: list[str]) -> None:
    """Whatever its spelling: Grafana would keep `Token` in plain text."""
    for spelled in (where, [*where[:-1], where[-1].upper()]):
        value: Any = CANARY
        for key in reversed(spelled):
            value = {key: value}
        ((path, code, message, hint),) = failures({"type": sort, "settings": value})
        assert (path, code) == (("integrations", 0, "settings", *spelled), "literal-secret")
        assert settings_ in message and f"{settings_}: ${{env:NAME}}" in hint and CANARY not in message + hint


def test_what_is_no_secret_setting_of_the_type_is_refused() -> None:
    ((path, code, _, hint),) = failures({**SLACK, "secureSettings": {"tokn": "${env:X}"}})
    assert (path, code, hint) == (("integrations", 0, "secureSettings", "tokn"), "not-secure", "did you mean token?")
    ((_, _, _, hint),) = failures({**MAIL, "secureSettings": {"password": "${env:X}"}})
    assert hint.startswith("email has none")


def test_a_type_that_is_nearly_one_is_refused_and_a_new_one_is_taken() -> None:
    for sort, meant in (("Slack", "slack"), ("line", "LINE"), ("webhok", "webhook")):
        ((path, code, _, hint),) = failures({"type": sort})
        assert (path, code, hint) == (("integrations", 0, "type"), "unknown-type", f"did you mean {meant}?")
    assert failures({"type": "carrier-pigeon", "secureSettings": {"cage": "${env:X}"}}) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"integrations": None}, ("integrations",)),
        ({"name": ""}, ("name",)),
        ({"receivers": []}, ("receivers",)),
        ({"integrations": [{"settings": {}}]}, ("integrations", 0, "type")),
        ({"integrations": [{**MAIL, "uid": "x y"}]}, ("integrations", 0, "uid")),
        ({"integrations": [{**MAIL, "uid": "x" * 41}]}, ("integrations", 0, "uid")),
        ({"integrations": [{**MAIL, "secureFields": {}}]}, ("integrations", 0, "secureFields")),
        ({"integrations": [{**MAIL, "disableResolveMessage": "no"}]}, ("integrations", 0, "disableResolveMessage")),
    ],
)
def test_bad_input(change: JsonObject, where: tuple[str | int, ...]) -> None:
    found = errors(POINT, {"integrations": [MAIL], **change})
    assert [place for place, _ in found] == [where]


# ---- what counts as a difference -----------------------------------------------------------------------------------


def live(*integrations: Mapping[str, Any], revision: str = "1") -> LiveObject:
    """A live contact point named `it`."""
    attributes = {"name": "it", "integrations": list(integrations)}
    return LiveObject("contact-point", "aXQ", attributes, revision, keys=("uid:aXQ", "name:it"))


def paths(spec: Mapping[str, Any], found: LiveObject) -> list[str]:
    """What differs."""
    return [format_edit_path(edit.path) for edit in authored_edits(POINT, desired(POINT, spec).attributes, found)]


def test_empty_mappings_that_secrets_leave_behind_are_no_difference() -> None:
    shown = {"uid": "it-webhook", "type": "webhook", "version": "v1", "settings": {"url": "http://x", "hmacConfig": {}}}
    spec = {"type": "webhook", "settings": {"url": "http://x"}, "secureSettings": {"hmacConfig.secret": "${env:X}"}}
    assert paths({"integrations": [spec]}, live({**shown, "secureFields": {"hmacConfig.secret": True}})) == []
    assert paths({"integrations": [spec]}, live(shown)) == [
        "integrations[uid=it-webhook].secureFields.hmacConfig.secret"
    ]
    newer = {**shown, "version": "v2", "secureFields": {"hmacConfig.secret": True}}
    assert paths({"integrations": [{**spec, "version": "v1.1"}]}, live(newer)) == [
        "integrations[uid=it-webhook].version"
    ]


def test_an_integration_too_many_and_one_of_another_uid_are_differences() -> None:
    mine = {"uid": "it-email", "type": "email", "settings": MAIL["settings"]}
    assert paths({"integrations": [MAIL]}, live(mine)) == []
    assert paths({"integrations": [MAIL]}, live(mine, {**mine, "uid": "theirs"})) == ["integrations[uid=theirs]"]
    assert paths({"integrations": [MAIL]}, live({**mine, "uid": "other"})) == [
        "integrations[uid=other]",
        "integrations[uid=it-email]",
    ]


def test_the_first_one_of_an_organisation_has_no_uid_and_is_the_declared_one_of_its_type() -> None:
    first = {"uid": "", "type": "email", "settings": {"addresses": "old"}}
    assert paths({"integrations": [SLACK, MAIL]}, live(first)) == [
        "integrations[uid=it-slack]",
        "integrations[uid=it-email].settings.addresses",
    ]
    assert paths({"integrations": [SLACK]}, live(first)) == ["integrations[uid=]", "integrations[uid=it-slack]"]


def test_a_secret_is_sent_again_only_where_grafana_does_not_hold_it_under_that_uid() -> None:
    wanted = resource(POINT, {"integrations": [SLACK, {**SLACK, "uid": "two"}]})
    held = live(
        {"uid": "two", "type": "slack", "secureFields": {"token": True}},
        {"uid": "else", "type": "slack", "secureFields": {"token": True}},
    )
    assert POINT.unset_secrets(wanted, held) == ("it-slack.token",)


# ---- what is said ----------------------------------------------------------------------------------------------------


def test_a_change_reads_as_people_say_it() -> None:
    at = ("integrations", Key("uid", "it-slack"))
    edits = (
        Edit((*at, "settings", "recipient"), Op.CHANGE, "#a", "#b"),
        Edit((*at, "secureFields", "token"), Op.ADD, None, True),
        Edit(("name",), Op.CHANGE, "a", "b"),
        Edit(at, Op.REMOVE, {"uid": "it-slack"}, None),
    )
    side = {"integrations": [{"uid": "it-slack", "type": "slack"}]}
    rows = POINT.describe(edits, side, side)
    assert [(row.subject, row.name) for row in rows][:3] == [
        ("slack (it-slack)", "recipient"),
        ("slack (it-slack)", "secret.token"),
        ("", "name"),
    ]
    assert [row.edits for row in rows] == [(edit,) for edit in edits]
    assert POINT.place(edits[0].path) == "integration it-slack: recipient"
    assert POINT.place(("name",)) == "name"


# ---- requests --------------------------------------------------------------------------------------------------------


def test_kept_secrets_are_named_and_changed_ones_sent_in_their_place() -> None:
    wanted = resource(POINT, {"integrations": [HOOK]})
    sent = replace(wanted, secrets={"it-webhook.hmacConfig.secret": SecretRef("${env:H}")})
    going = talk(POINT.update(CONTEXT, sent, live(revision="abc")), [ok({})])
    ((method, path, body),) = going.writes
    assert (method, path.rpartition("/")[2]) == ("PUT", "aXQ")
    assert body["metadata"] == {"name": "aXQ", "resourceVersion": "abc"}
    (one,) = body["spec"]["integrations"]
    assert one["settings"] == {
        "url": "http://x",
        "tlsConfig": {"insecureSkipVerify": True},
        "hmacConfig": {"secret": SecretRef("${env:H}")},
    }
    assert one["secureFields"] == {"password": True, "tlsConfig.clientKey": True}
    assert "hmacConfig" not in wanted.attributes["integrations"][0]["settings"]  # type: ignore[index, call-overload]


@pytest.mark.parametrize(
    ("provenance", "owner"), [("none", None), ("", None), ("api", "another tool"), ("file", "file prov"), ("x", "'x'")]
)
def test_what_another_owns_is_theirs(provenance: str, owner: str | None) -> None:
    notes = {"grafana.com/provenance": provenance}
    item = {"metadata": {"name": "aXQ", "annotations": notes}, "spec": {"title": "it", "integrations": []}}
    manager = talk(POINT.read(SERVER, "aXQ"), [ok(item)]).result.manager
    assert manager is None if owner is None else owner in str(manager) and manager.release


# ---- lives -----------------------------------------------------------------------------------------------------------

SETTINGS = st.dictionaries(
    st.sampled_from(["title", "text", "maxAlerts", "list", "deep"]),
    st.booleans() | st.integers(-9, 9) | st.text(max_size=4) | st.just([]) | st.dictionaries(st.just("a"), st.just({})),
)
INTEGRATION = st.builds(
    lambda base, more, resolve, version, keep: {
        **base,
        "settings": {**base["settings"], **more},
        "disableResolveMessage": resolve,
        **({"version": version} if version else {}),
        "secureSettings": {key: text for key, text in base.get("secureSettings", {}).items() if key in keep},
    },
    st.sampled_from([MAIL, SLACK, HOOK]),
    SETTINGS,
    st.booleans(),
    st.sampled_from([None, "v1"]),
    st.sets(st.sampled_from(["token", "password", "tlsConfig.clientKey", "hmacConfig.secret"])),
)
SPEC = st.fixed_dictionaries(
    {"integrations": st.lists(INTEGRATION, max_size=4)}, optional={"name": st.sampled_from(["On call", "Größe/1"])}
)


@settings(max_examples=40, deadline=None)
@given(SPEC, SPEC)
def test_whatever_is_declared_is_found_as_declared(first: dict[str, Any], second: dict[str, Any]) -> None:
    sandbox = Sandbox()
    one, two = resource(POINT, first), resource(POINT, second)
    uid = sandbox(POINT.create(CONTEXT, one))
    found = sandbox(POINT.read(SERVER, uid))
    assert authored_edits(POINT, one.attributes, found) == ()
    kept = {name: reference for name, reference in two.secrets.items() if name not in one.secrets}
    sandbox(POINT.update(CONTEXT, replace(two, secrets=kept), found))
    now = sandbox(POINT.find(SERVER, two))
    assert authored_edits(POINT, two.attributes, now) == () and POINT.unset_secrets(two, now) == ()
    normal = POINT.normalise(now.attributes)
    assert same(POINT.normalise(normal), normal)
    assert same(normal, POINT.normalise(two.attributes)), "and nothing is there that is not declared"


@settings(max_examples=40, deadline=None)
@given(SPEC)
def test_what_is_pulled_comes_to_what_is_live(spec: dict[str, Any]) -> None:
    sandbox = Sandbox()
    found = sandbox(POINT.read(SERVER, sandbox(POINT.create(CONTEXT, resource(POINT, spec)))))
    written = POINT.authored(found, LiveNames(**{found.uid: "pulled"}))
    made = desired(POINT, written.spec, name="pulled")
    assert authored_edits(POINT, made.attributes, found) == ()
    assert sorted(str(reference) for reference in made.secrets.values()) == sorted(
        f"${{env:{variable}}}" for variable in written.secrets
    )


def test_what_every_organisation_begins_with_is_pulled_too(sandbox: Sandbox) -> None:
    (found,) = sandbox(POINT.listing(SERVER, Wanted()))
    written = POINT.authored(found, LiveNames())
    made = desired(POINT, written.spec, name="mail")
    assert authored_edits(POINT, made.attributes, found) == ()
    sandbox(POINT.update(CONTEXT, resource(POINT, written.spec, name="mail"), found))


def test_somebody_elses_save_is_not_lost(sandbox: Sandbox) -> None:
    wanted = resource(POINT, {"integrations": [MAIL]})
    before = sandbox(POINT.read(SERVER, sandbox(POINT.create(CONTEXT, wanted))))
    other = resource(POINT, {"integrations": [MAIL, SLACK]})
    sandbox(POINT.update(CONTEXT, other, before))
    for exchange in (POINT.update(CONTEXT, wanted, before), POINT.delete(CONTEXT, before)):
        with pytest.raises(Refused, match=r"409.*does not match current version"):
            sandbox(exchange)


def test_a_new_name_goes_everywhere_and_one_in_use_stays(sandbox: Sandbox) -> None:
    old = resource(POINT, {"name": "Old", "integrations": [MAIL]})
    found = sandbox(POINT.read(SERVER, sandbox(POINT.create(CONTEXT, old))))
    org = sandbox.world.orgs[1]
    tree = {"defaults": {"receiver": "grafana-default-email"}, "routes": [{"receiver": "Old", "routes": []}]}
    org.notifications["routingtrees"] = [tree]
    org.rules["r"] = {"uid": "r", "title": "Rule", "notification_settings": {"receiver": "Old"}}
    sandbox(POINT.update(CONTEXT, resource(POINT, {"name": "New", "integrations": [MAIL]}), found))
    now = sandbox(POINT.read(SERVER, "TmV3"))
    assert sandbox(POINT.read(SERVER, found.uid)) is None
    by = {r.subject: [(ref.text, ref.where) for ref in r.references] for r in sandbox(POINT.elsewhere(SERVER))}
    assert by == {
        "alert rule 'Rule' (r)": [("New", "its own notification settings")],
    }
    with pytest.raises(Refused, match=r"409.*used by one or more routes"):
        sandbox(POINT.delete(CONTEXT, now))


def test_deleting_says_which_revision_goes() -> None:
    ((method, _, body),) = talk(POINT.delete(WriteContext(SERVER), live(revision="abc")), [ok({})]).writes
    assert (method, body) == ("DELETE", {"preconditions": {"resourceVersion": "abc"}})
