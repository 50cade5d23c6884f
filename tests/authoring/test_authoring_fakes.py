"""The whole way with made-up kinds: lazy references, circles of them, nested specs, unions, claims, marks."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict, Field

from reconciler.authoring.resolve import Resolved, resolve
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.registry import Registry
from reconciler.core.resource import Document, LiveObject, OnDrift, Resource, SecretRef
from reconciler.core.source import Mark
from reconciler.loader.envelope import open_envelope
from reconciler.loader.yaml import parse_yaml
from tests.authoring.authoring_cases import line


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    color: str = "red"
    size: int | float | None = None


class ThingSpec(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: str = Field(min_length=2, max_length=5)
    like: str | None = None
    inner: Inner | None = None
    many: list[Inner] = Field(default_factory=list)
    alias: str | None = Field(default=None, alias="from-where")
    secret: str | None = None


class Thing(Kind):
    """Takes the title of another thing after its own."""

    name: ClassVar[str] = "thing"
    yaml_kind: ClassVar[str] = "Thing"
    summary: ClassVar[str] = "A thing."
    spec: ClassVar[type[BaseModel]] = ThingSpec
    example: ClassVar[str] = ""

    def desired(self, name: str, spec: ThingSpec, names: Names) -> Desired:
        other = names.attributes("thing", spec.like, ("like",)) if spec.like else {}
        secrets: Mapping[str, SecretRef] = {"secret": SecretRef(spec.secret)} if spec.secret else {}
        if spec.title == "fail":
            names.fail(("title",), "no-fail", "not this one", "another one")
        return Desired({"title": f"{spec.title}{other.get('title', '')}", "weight": 1.0}, secrets)

    def claims(self, resource: Resource) -> tuple[str, ...]:
        return (f"title:{resource.attributes['title']}",)

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        raise NotImplementedError

    def listing(self, server: Any, wanted: Any) -> Any:
        raise NotImplementedError

    def read(self, server: Any, uid: str) -> Any:
        raise NotImplementedError

    def create(self, context: Any, resource: Resource) -> Any:
        raise NotImplementedError

    def update(self, context: Any, resource: Resource, live: LiveObject) -> Any:
        raise NotImplementedError

    def delete(self, context: Any, live: LiveObject) -> Any:
        raise NotImplementedError


REGISTRY = Registry.of(Thing())


def documents(text: str, file: str = "a.yaml") -> list[Document]:
    values, problems = parse_yaml(text.encode(), file)
    assert not problems
    opened = [open_envelope(value, file) for value in values]
    assert not [problem for _, wrong in opened for problem in wrong]
    return [document for document, _ in opened if document is not None]


def things(**specs: str) -> Resolved:
    """One document per thing, each in a file of its own name."""
    found: list[Document] = []
    for name, spec in specs.items():
        text = f"apiVersion: ggrec/v1\nkind: Thing\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        found += documents(text, f"{name}.yaml")
    return resolve(found, REGISTRY, values={})


def lines(result: Resolved) -> list[str]:
    return [line(item) for item in result.diagnostics]


def test_attributes_of_others_are_built_when_asked_for() -> None:
    result = things(a="{title: aa, like: b}", b="{title: bb, like: c}", c="{title: cc}")
    assert lines(result) == []
    assert {str(r.address): r.attributes for r in result.resources} == {
        "thing.a": {"title": "aabbcc", "weight": 1},
        "thing.b": {"title": "bbcc", "weight": 1},
        "thing.c": {"title": "cc", "weight": 1},
    }
    assert [[str(address) for address in r.depends_on] for r in result.resources] == [["thing.b"], ["thing.c"], []]
    assert [r.uid for r in result.resources] == ["a", "b", "c"]


def test_things_that_ask_each_other_end_in_an_error_and_not_in_a_recursion() -> None:
    result = things(
        a="{title: aa, like: b}", b="{title: bb, like: c}", c="{title: cc, like: a}", d="{title: dd, like: d}"
    )
    circle = "these need each other in a circle: thing.a → thing.b → thing.c → thing.a | break the circle"
    assert lines(result) == [
        f"a.yaml:4:25 error dependency-cycle thing.a: {circle}",
        "d.yaml:4:25 error dependency-cycle thing.d: thing.d needs itself | name another object",
    ]


def test_a_circle_is_found_although_one_of_it_is_broken() -> None:
    result = things(a="{title: fail, like: b}", b="{title: bb, like: a}")
    assert [item.code for item in result.diagnostics] == ["no-fail", "dependency-cycle"]


def test_a_broken_thing_does_not_make_others_complain() -> None:
    result = things(a="{title: x}", b="{title: bb, like: a}")
    assert lines(result) == ["a.yaml:4:15 error bad-length thing.a: spec.title: must have at least 2 characters"]
    assert result.failed


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{title: abcdef}", "4:15 error bad-length thing.a: spec.title: must have at most 5 characters"),
        (
            "{title: aa, inner: {colour: x}}",
            "4:27 error unknown-key thing.a: unknown key 'colour' | did you mean 'color'?",
        ),
        ("{title: aa, inner: red}", "4:26 error wrong-type thing.a: spec.inner: must be a mapping, not 'red'"),
        (
            "{title: aa, inner: {size: big}}",
            "4:33 error wrong-type thing.a: spec.inner.size: must be a whole number or a number, not 'big'",
        ),
        (
            "{title: aa, many: [{}, {colr: x}]}",
            "4:31 error unknown-key thing.a: unknown key 'colr' | did you mean 'color'?",
        ),
        (
            "{title: aa, many: [{}, {color: null}]}",
            "4:38 error wrong-type thing.a: spec.many[1].color: must be a text, not null",
        ),
        (
            "{title: aa, from-were: x}",
            "4:19 error unknown-key thing.a: unknown key 'from-were' | did you mean 'from-where'?",
        ),
        ("{title: fail}", "4:15 error no-fail thing.a: not this one | another one"),
        ("{}", "4:7 error missing-key thing.a: spec.title: missing"),
        (
            f"{{title: {'x' * 3}, like: {'n' * 60}}}",
            f"4:26 error unknown-thing thing.a: no Thing '{'n' * 38}… is declared",
        ),
    ],
)
def test_findings_in_the_authors_words(spec: str, expected: str) -> None:
    (found,) = lines(things(a=spec))
    assert found.startswith(f"a.yaml:{expected}")


def test_claims_are_unique_and_both_places_named() -> None:
    result = things(a="{title: aa}", b="{title: aa}")
    assert lines(result) == [
        "b.yaml:4:15 error title-twice thing.b: has the title 'aa' of thing.a, declared at a.yaml:4:15 "
        "| Grafana keeps it unique: choose another one"
    ]


def test_lifecycle_secrets_and_source_reach_the_resource() -> None:
    text = """\
apiVersion: ggrec/v1
kind: Thing
metadata:
  name: a
  uid: another
  lifecycle: {prevent_destroy: true, adopt: true, on_drift: keep}
spec: {title: aa, secret: x}
"""
    (resource,) = resolve(documents(text), REGISTRY, values={}).resources
    assert (resource.uid, resource.source, resource.secrets) == (
        "another",
        Mark("a.yaml", 1, 1),
        {"secret": SecretRef("x")},
    )
    lifecycle = resource.lifecycle
    assert (lifecycle.prevent_destroy, lifecycle.adopt, lifecycle.on_drift) == (True, True, OnDrift.KEEP)


def test_everything_wrong_is_told_at_once_in_order_of_files_and_lines() -> None:
    result = things(c="{titel: aa}", a="{title: 3, x: 1}", b="{title: aa, like: zz}")
    assert [(item.where.file, item.code) for item in result.diagnostics if item.where] == [
        ("a.yaml", "wrong-type"),
        ("a.yaml", "unknown-key"),
        ("b.yaml", "unknown-thing"),
        ("c.yaml", "missing-key"),
        ("c.yaml", "unknown-key"),
    ]
    assert result.resources == ()


def test_an_empty_state_resolves_to_nothing() -> None:
    assert resolve([], REGISTRY, values={}) == Resolved((), ())
