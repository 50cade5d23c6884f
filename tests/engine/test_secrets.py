"""Which secrets a plan sends: what changed, what is not there, what somebody asks to be sent again, and no more."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.plan import Action, Plan
from reconciler.core.resource import SecretRef
from reconciler.core.state import UNKNOWN_SECRET
from reconciler.engine.apply import missing_secrets
from reconciler.engine.planner import Options
from tests.engine.test_table import basic, json_bytes
from tests.lab import Lab, document
from tests.lab_parts import QuickSecrets

A, B = "secureJsonData.a", "secureJsonData.b"
RESEND = Options(resend_secrets=True)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.environment.update({"A": "canary-a", "B": "canary-b"})
    return made


def source(name: str = "p", *, keys: str = "ab", **spec: Any) -> dict[str, Any]:
    references = {key: f"${{env:{key.upper()}}}" for key in keys}
    return document("Datasource", name, type="loki", secureJsonData=references, **spec)


def by_hand(lab: Lab, name: str = "p", *, keys: str = "ab") -> None:
    """A datasource that somebody else made."""
    body = {"uid": name, "name": name, "type": "loki", "access": "proxy", "secureJsonData": dict.fromkeys(keys, "x")}
    answer = lab.dispatcher.answer("POST", "/api/datasources", [], basic(), json_bytes(body))
    assert answer.status == 200


def rows(plan: Plan) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    return [(str(c.address), str(c.action), c.secrets, c.resent) for c in plan.changes if c.sends]


def warned(plan: Plan) -> dict[str, str]:
    return {item.code: item.message for item in plan.warnings}


def test_unchanged_secrets_are_sent_again_only_when_it_is_asked(lab: Lab) -> None:
    lab.applied([source()])
    assert lab.plan([source()]).changes == ()
    plan = lab.plan([source()], RESEND)
    assert rows(plan) == [("datasource.p", "update", (A, B), (A, B))]
    assert plan.changes[0].reason == "its secrets are sent again"
    before = len(lab.dispatcher.requests)
    lab.applied([source()], RESEND)
    assert lab.writes(before) == ["PUT /api/datasources/uid/p"]
    assert lab.plan([source()]).changes == ()


def test_a_changed_one_is_told_from_those_sent_again(lab: Lab) -> None:
    lab.applied([source()])
    lab.environment["A"] = "canary-c"
    plan = lab.plan([source()], RESEND)
    assert rows(plan) == [("datasource.p", "update", (A, B), (B,))]
    assert plan.changes[0].reason == "its secret changed"


def test_only_the_targets_secrets_are_sent_again(lab: Lab) -> None:
    both = [source(), source("q")]
    lab.applied(both)
    plan = lab.plan(both, Options(targets=("datasource.q",), resend_secrets=True))
    assert [row[0] for row in rows(plan)] == ["datasource.q"]


def test_lost_state_sends_no_secret_unless_asked(lab: Lab) -> None:
    lab.applied([source()])
    shutil.rmtree(lab.folder / "state")
    plan = lab.plan([source()])
    assert [(c.action, c.sends, c.secrets) for c in plan.changes] == [(Action.ADOPT, False, ())]
    before = len(lab.dispatcher.requests)
    lab.applied([source()])
    assert lab.writes(before) == []
    again = lab.plan([source()])
    assert again.changes == ()
    assert warned(again) == {
        "secret-unknown": "2 secrets never sent by ggrec, and whether that is what Grafana holds cannot be told: "
        f"datasource.p {A}, datasource.p {B}"
    }
    lab.applied([source()], RESEND)
    assert lab.writes(before) == ["PUT /api/datasources/uid/p"]
    assert warned(lab.plan([source()])) == {}


def test_lost_state_and_asked_at_once_is_one_write(lab: Lab) -> None:
    by_hand(lab)
    plan = lab.plan([source()], RESEND)
    assert rows(plan) == [("datasource.p", "adopt", (A, B), (A, B))]
    before = len(lab.dispatcher.requests)
    lab.applied([source()], RESEND)
    assert lab.writes(before) == ["PUT /api/datasources/uid/p"]
    assert lab.org.datasources["p"]["secrets"] == {"a": "canary-a", "b": "canary-b"}
    assert UNKNOWN_SECRET not in next(iter(lab.state.resources.values())).secrets.values()


def test_a_secret_that_grafana_lacks_goes_alone(lab: Lab) -> None:
    by_hand(lab, keys="a")
    lab.applied([source()], Options(adopt=True))
    assert lab.org.datasources["p"]["secrets"] == {"a": "x", "b": "canary-b"}
    assert list(warned(lab.plan([source()]))) == ["secret-unknown"]


def test_an_unknown_secret_stays_unknown_when_something_else_changes(lab: Lab) -> None:
    by_hand(lab)
    lab.applied([source()])
    lab.applied([source(url="http://other")])
    assert lab.org.datasources["p"]["secrets"] == {"a": "x", "b": "x"}
    assert set(next(iter(lab.state.resources.values())).secrets.values()) == {UNKNOWN_SECRET}


def test_a_replaced_object_gets_all_its_secrets(lab: Lab) -> None:
    by_hand(lab)
    lab.applied([source()])
    moved = source()
    moved["metadata"]["uid"] = "p2"
    lab.applied([moved])
    assert lab.org.datasources["p2"]["secrets"] == {"a": "canary-a", "b": "canary-b"}
    assert warned(lab.plan([moved])) == {}


def test_a_plan_works_without_the_secrets_and_says_so_in_one_line(lab: Lab) -> None:
    lab.applied([source(), source("q")])
    del lab.environment["A"], lab.environment["B"]
    plan = lab.plan([source(), source("q", url="http://new")])
    assert rows(plan) == [("datasource.q", "update", (), ())]
    assert missing_secrets(plan, QuickSecrets(lab.environment, lab.folder)) == ()
    assert warned(plan) == {
        "secret-untold": "4 secrets cannot be looked up here, and whether that changed cannot be told: "
        f"datasource.p {A} (the environment variable A is not set), "
        f"datasource.p {B} (the environment variable B is not set), "
        f"datasource.q {A} (the environment variable A is not set) and 1 more"
    }
    lab.applied([source(), source("q", url="http://new")])
    assert lab.org.datasources["q"]["secrets"] == {"a": "canary-a", "b": "canary-b"}


def test_a_plan_looks_up_only_what_it_must_compare(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = QuickSecrets._look

    def looked(self: QuickSecrets, reference: SecretRef) -> Any:
        asked.append(str(reference))
        return real(self, reference)

    by_hand(lab, "q")
    lab.applied([source(keys="a"), source("q", keys="b")])
    monkeypatch.setattr(QuickSecrets, "_look", looked)
    lab.plan([source(keys="a"), source("q", keys="b"), source("r", keys="b")])
    assert set(asked) == {"${env:PASSWORD}", "${env:A}"}


def test_what_is_created_is_not_looked_up_by_the_plan(lab: Lab) -> None:
    del lab.environment["A"]
    plan = lab.plan([source(keys="a")])
    assert rows(plan) == [("datasource.p", "create", (A,), ())]
    assert warned(plan) == {}
    assert [item.message for item in missing_secrets(plan, QuickSecrets(lab.environment, lab.folder))] == [
        f"{A}: the environment variable A is not set"
    ]


def test_a_key_that_is_taken_out_of_the_file_is_taken_out_of_grafana(lab: Lab) -> None:
    """An empty text removes a key (grafana-api.md section 12)."""
    lab.applied([source()])
    plan = lab.plan([source(keys="a")])
    assert [edit.path for change in plan.changes for edit in change.edits] == [("secureJsonFields", "b")]
    assert rows(plan) == [("datasource.p", "update", (), ())]
    lab.applied([source(keys="a")])
    assert lab.org.datasources["p"]["secrets"] == {"a": "canary-a"}
    assert lab.plan([source(keys="a")]).changes == ()


def test_a_secret_that_an_update_drops_fails_that_object_only(lab: Lab) -> None:
    lab.applied([source(keys="a"), source("q", keys="")])
    fault = lab.dispatcher.faults.add("drop_secure_json", count=None)
    result = lab.apply([source(), source("q", keys="", url="http://new")])
    assert {str(o.address): o.result for o in result.outcomes} == {"datasource.p": "failed", "datasource.q": "done"}
    assert "these secrets are not set: secureJsonData.b" in next(o.error for o in result.outcomes if o.error)
    lab.dispatcher.faults.switches.remove(fault)
    lab.applied([source(), source("q", keys="", url="http://new")])
    assert lab.org.datasources["p"]["secrets"] == {"a": "canary-a", "b": "canary-b"}


def test_the_same_value_from_elsewhere_is_no_change(lab: Lab) -> None:
    lab.applied([source(keys="a")])
    lab.environment["OTHER"] = lab.environment["A"]
    moved = document("Datasource", "p", type="loki", secureJsonData={"a": "${env:OTHER}"})
    assert lab.plan([moved]).changes == ()
