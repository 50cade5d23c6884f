"""Message templates: what is written, what counts as a difference, and lives on the sandbox."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.exchange import Wanted
from reconciler.core.json import same
from reconciler.core.resource import LiveObject
from reconciler.kinds.message_template import MessageTemplate
from tests.kinds.kind_driver import SERVER, LiveNames, authored_edits, desired, errors, ok, resource, talk
from tests.kinds.test_on_sandbox import CONTEXT, Refused, Sandbox

TEMPLATE = MessageTemplate()
TEXT = '{{ define "a" }}hi{{ end }}'


@pytest.mark.parametrize(
    ("spec", "where", "said"),
    [
        ({"template": "hi"}, ("template",), "it defines nothing"),
        ({"template": ""}, ("template",), "it defines nothing"),
        ({"template": "{{ defined }}"}, ("template",), "it defines nothing"),
        ({"template": '{{- define "a" -}}x{{ end }}'}, ("template",), "not `{{-` in all of them"),
        ({"template": 1}, ("template",), "valid string"),
        ({}, ("template",), "required"),
        ({"template": TEXT, "name": ""}, ("name",), "at least 1 character"),
        ({"template": TEXT, "content": ""}, ("content",), "not permitted"),
    ],
)
def test_bad_input(spec: dict[str, Any], where: tuple[str | int, ...], said: str) -> None:
    ((path, message),) = errors(TEMPLATE, spec)
    assert path == where and said in message


@pytest.mark.parametrize(
    "text", [TEXT, '{{define "a"}}x{{end}}', f'{{{{- define "b" -}}}}x{{{{- end -}}}}{TEXT}', f"# a\n{TEXT}\n"]
)
def test_every_way_to_define_is_taken(text: str) -> None:
    assert desired(TEMPLATE, {"template": text}).attributes == {"name": "it", "template": text}


def test_blanks_at_the_ends_are_no_difference_and_those_inside_are() -> None:
    live = LiveObject("message-template", "aXQ", {"name": "it", "template": TEXT}, "1")
    assert authored_edits(TEMPLATE, desired(TEMPLATE, {"template": f"\n  {TEXT}\n\n"}).attributes, live) == ()
    other = TEXT.replace("hi", "hi ")
    assert len(authored_edits(TEMPLATE, desired(TEMPLATE, {"template": other}).attributes, live)) == 1


SPEC = st.fixed_dictionaries(
    {"template": st.text().map(lambda text: f' {{{{ define "a" }}}}{text}{{{{ end }}}}{text}')},
    optional={"name": st.sampled_from(["Short", "Größe/1"])},
)


@settings(max_examples=40)
@given(SPEC, SPEC)
def test_whatever_is_declared_is_found_as_declared(first: dict[str, Any], second: dict[str, Any]) -> None:
    sandbox = Sandbox()
    one, two = resource(TEMPLATE, first), resource(TEMPLATE, second)
    found = sandbox(TEMPLATE.read(SERVER, sandbox(TEMPLATE.create(CONTEXT, one))))
    assert same(TEMPLATE.normalise(found.attributes), TEMPLATE.normalise(one.attributes))
    sandbox(TEMPLATE.update(CONTEXT, two, found))
    now = sandbox(TEMPLATE.find(SERVER, two))
    normal = TEMPLATE.normalise(now.attributes)
    assert same(normal, TEMPLATE.normalise(two.attributes)) and same(TEMPLATE.normalise(normal), normal)
    pulled = desired(TEMPLATE, TEMPLATE.authored(now, LiveNames()).spec, name="pulled")
    assert authored_edits(TEMPLATE, pulled.attributes, now) == ()


def test_the_built_in_ones_are_nobodys_to_touch() -> None:
    sandbox = Sandbox()
    assert sandbox(TEMPLATE.listing(SERVER, Wanted(everything=True))) in (None, [])
    sandbox(TEMPLATE.create(CONTEXT, resource(TEMPLATE, {"template": TEXT})))
    assert [live.title for live in sandbox(TEMPLATE.listing(SERVER, Wanted()))] == ["it"]
    notes = {"grafana.com/provenance": "system"}
    item = {"metadata": {"name": "x", "annotations": notes}, "spec": {"title": "x", "content": TEXT}}
    assert "Grafana itself" in str(talk(TEMPLATE.read(SERVER, "x"), [ok(item)]).result.manager)


def test_somebody_elses_save_is_not_lost() -> None:
    sandbox = Sandbox()
    wanted = resource(TEMPLATE, {"template": TEXT})
    before = sandbox(TEMPLATE.read(SERVER, sandbox(TEMPLATE.create(CONTEXT, wanted))))
    sandbox(TEMPLATE.update(CONTEXT, resource(TEMPLATE, {"template": TEXT.replace("hi", "ho")}), before))
    for exchange in (TEMPLATE.update(CONTEXT, wanted, before), TEMPLATE.delete(CONTEXT, before)):
        with pytest.raises(Refused, match="409"):
            sandbox(exchange)
