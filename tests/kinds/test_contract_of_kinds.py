"""What every kind must keep, ours and others': the test that a new kind passes without touching anything else."""

import inspect
import re
from collections.abc import Callable, Generator
from typing import Any

import pytest

from reconciler.core.address import Address
from reconciler.core.diff import diff
from reconciler.core.exchange import ApiRequest, ApiResponse, Wanted
from reconciler.core.json import canonical_bytes, canonical_value, digest, same
from reconciler.core.kind import Desired, Kind
from reconciler.core.resource import LiveObject, Resource, SecretRef
from reconciler.kinds import discover
from tests.kinds.kind_driver import CONTEXT, EVERYTHING, SERVER, LiveNames, Names, documents

KINDS = [pytest.param(kind, id=kind.name) for kind in discover().values()]
ENVELOPE = {"apiVersion", "kind", "metadata", "spec"}
every_kind = pytest.mark.parametrize("kind", KINDS)


def _spec(kind: Kind, document: dict[str, Any]) -> Any:
    """A document's spec, validated. Of a dashboard the shorthand stays unexpanded: that is another room's."""
    if kind.shorthand is None:
        return kind.spec.model_validate(document["spec"])
    assert kind.written is not None
    kind.written.model_validate(document["spec"])
    model = dict(document["spec"])
    return kind.spec.model_validate({"folder": model.pop("folder", None), "model": model})


def _example(kind: Kind) -> tuple[Resource, Desired]:
    *others, document = documents(kind.example)
    names = Names(**{other["metadata"]["name"]: {} for other in others})
    name = document["metadata"]["name"]
    made = kind.desired(name, _spec(kind, document), names)
    assert names.failures == []
    resource = Resource(Address(kind.name, name), kind.uid(name, None), made.attributes, made.secrets)
    return resource, made


def _live(kind: Kind, resource: Resource) -> LiveObject:
    return LiveObject(kind.name, resource.uid or "17", resource.attributes, "1", keys=kind.keys(resource))


@every_kind
def test_it_says_what_it_is(kind: Kind) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]*", kind.name)
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", kind.yaml_kind)
    assert kind.summary.endswith(".") and len(kind.summary) > 20
    module = inspect.getmodule(type(kind))
    assert module is not None and module.__doc__ is not None and len(module.__doc__.split()) > 10
    assert "Must not" in module.__doc__
    assert module.__name__.rpartition(".")[2].replace("_", "-") == kind.name, "a module has its kind's name"
    assert type(kind).__doc__ and kind.name in str(type(kind).__doc__)
    assert kind.write_weight >= 1


@every_kind
def test_its_fields_are_described(kind: Kind) -> None:
    written = kind.written or kind.spec
    assert written.model_json_schema()["type"] == "object"
    if kind.shorthand is None:
        assert written.model_config.get("extra") == "forbid", "unknown keys must be errors"
        assert written.model_config.get("strict"), "texts must not become numbers"


@every_kind
def test_its_example_is_whole_and_valid(kind: Kind) -> None:
    found = documents(kind.example)
    assert found and all(set(document) == ENVELOPE for document in found)
    assert all(document["apiVersion"] == "ggrec/v1" for document in found)
    assert found[-1]["kind"] == kind.yaml_kind
    registry = discover()
    for document in found:
        other = registry.by_yaml(document["kind"])
        assert other is not None
        _spec(other, document)
    _example(kind)


@every_kind
def test_attributes_are_json_without_secrets(kind: Kind) -> None:
    resource, made = _example(kind)
    assert canonical_bytes(resource.attributes)
    text = canonical_bytes(made.attributes).decode()
    assert all(isinstance(secret, SecretRef) for secret in made.secrets.values())
    assert not any(str(secret) in text for secret in made.secrets.values())


@every_kind
def test_desired_is_the_same_every_time(kind: Kind) -> None:
    assert digest(_example(kind)[0].attributes) == digest(_example(kind)[0].attributes)


@every_kind
def test_normalise_is_idempotent_and_changes_nothing_in_place(kind: Kind) -> None:
    resource, _ = _example(kind)
    before = canonical_bytes(resource.attributes)
    once = kind.normalise(resource.attributes)
    assert same(kind.normalise(once), once)
    assert canonical_bytes(resource.attributes) == before
    assert same(kind.normalise({}), kind.normalise(kind.normalise({})))


@every_kind
def test_projection_of_the_desired_is_the_desired(kind: Kind) -> None:
    resource, _ = _example(kind)
    wanted = kind.normalise(resource.attributes)
    shown = kind.project(wanted, wanted)
    assert diff(shown, wanted, identities=kind.identities) == ()
    assert same(kind.project(shown, wanted), shown)


@every_kind
def test_identities_are_sane(kind: Kind) -> None:
    resource, _ = _example(kind)
    keys = kind.keys(resource)
    assert keys and all(re.fullmatch(r"[a-z]+:.+", key) and "None" not in key for key in keys)
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z]+:.+", claim) for claim in kind.claims(resource))
    assert kind.uid("a-name", None) in {"a-name", None}
    if kind.uid("a-name", None) is None:
        assert kind.uid("a-name", "written") is None, "the server chooses it, whatever is written"
        assert type(kind).find is not Kind.find, "no uid of ours: it must say how it is found"
        assert f"uid:{resource.uid}" not in keys
    else:
        assert kind.uid("a-name", "written") == "written"
        assert keys[0] == f"uid:{resource.uid}"
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in kind.identities.items())


@every_kind
def test_keep_identity_of_the_same_is_the_same(kind: Kind) -> None:
    resource, _ = _example(kind)
    assert same(kind.keep_identity(resource.attributes, resource.attributes), resource.attributes)
    assert kind.keep_identity(resource.attributes, {}) is not None
    assert same(kind.let_go(resource.attributes, resource.attributes), resource.attributes)
    assert same(kind.let_go(resource.attributes, {}), resource.attributes)


@every_kind
def test_it_refers_only_to_kinds_that_it_names(kind: Kind) -> None:
    resource, made = _example(kind)
    references = list(kind.references(made.attributes))
    assert {reference.kind for reference in references} <= kind.refers_to
    assert all(reference.where for reference in references)
    assert all(isinstance(name, str) for name in kind.names(made.attributes))
    assert kind.always_there or kind.part_of("x") == ""
    assert all(re.fullmatch(r"[a-z]+:.+", key) for key in kind.alike(resource))


Start = Callable[[Kind, Resource], Generator[Any, ApiResponse, Any]]
READING: dict[str, Start] = {
    "listing": lambda kind, resource: kind.listing(SERVER, EVERYTHING),
    "listing of nothing": lambda kind, resource: kind.listing(SERVER, Wanted()),
    "read": lambda kind, resource: kind.read(SERVER, resource.uid or "17"),
    "find": lambda kind, resource: kind.find(SERVER, resource),
    "contents": lambda kind, resource: kind.contents(SERVER, resource.uid or "17"),
    "survey": lambda kind, resource: kind.survey(SERVER),
    "elsewhere": lambda kind, resource: kind.elsewhere(SERVER),
    "attribution": lambda kind, resource: kind.attribution(SERVER, _live(kind, resource), 1),
}
WRITING: dict[str, Start] = {
    "create": lambda kind, resource: kind.create(CONTEXT, resource),
    "update": lambda kind, resource: kind.update(CONTEXT, resource, _live(kind, resource)),
    "delete": lambda kind, resource: kind.delete(CONTEXT, _live(kind, resource)),
}


@every_kind
@pytest.mark.parametrize("start", [*READING.values(), *WRITING.values()], ids=[*READING, *WRITING])
def test_exchanges_are_generators_that_begin_with_a_request(kind: Kind, start: Start) -> None:
    resource, _ = _example(kind)
    before = canonical_bytes(resource.attributes)
    exchange = start(kind, resource)
    assert inspect.isgenerator(exchange), "nothing may happen before the first next()"
    first = next(exchange, None)
    if first is not None:
        assert isinstance(first, ApiRequest) and first.path.startswith(("/api/", "/apis/"))
        assert " " not in first.path and "?" not in first.path, "paths are quoted; queries are apart"
    exchange.close()
    assert canonical_bytes(resource.attributes) == before


@every_kind
@pytest.mark.parametrize("start", READING.values(), ids=READING)
def test_reading_only_gets(kind: Kind, start: Start) -> None:
    """Whatever is answered: a few plausible and implausible bodies, and every request must be a GET."""
    resource, _ = _example(kind)
    for body in ([], {}, None, {"items": [], "metadata": {}}, {"teams": [], "totalCount": 0}, [{"id": 17, "uid": "x"}]):
        exchange = start(kind, resource)
        try:
            step = next(exchange)
            for _ in range(20):
                if not isinstance(step, tuple):
                    assert step.method == "GET" and step.body is None
                step = next(exchange) if isinstance(step, tuple) else exchange.send(ApiResponse(200, body))
        except StopIteration:
            pass
        except Exception as error:  # an odd body may be refused, but only with a text that is ours
            assert type(error).__module__ == "reconciler.core.errors", f"{body}: {error!r}"
        finally:
            exchange.close()


@every_kind
def test_absent_is_said_only_by_the_server(kind: Kind) -> None:
    resource, _ = _example(kind)
    exchange = kind.read(SERVER, resource.uid or "17")
    request = next(exchange)
    assert 404 in request.handles and not request.handles & {401, 403}
    with pytest.raises(StopIteration) as stop:
        exchange.send(ApiResponse(404, {"message": "Not found"}))
    assert stop.value.value is None


@every_kind
def test_what_is_gone_already_is_deleted(kind: Kind) -> None:
    resource, _ = _example(kind)
    exchange = kind.delete(CONTEXT, _live(kind, resource))
    step = next(exchange, None)
    deletes = 0
    while step is not None:
        deletes += step.method == "DELETE"
        body: Any = [] if step.method == "GET" else {"message": "not found"}
        try:
            step = exchange.send(ApiResponse(404 if step.method == "DELETE" else 200, body))
        except StopIteration:
            break
    assert deletes >= 1 or kind.always_there


@every_kind
def test_authored_comes_back_to_the_same(kind: Kind) -> None:
    if kind.always_there:
        pytest.skip("never pulled: there is no list of all of them")
    resource, made = _example(kind)
    attributes = kind.normalise(resource.attributes)
    live = LiveObject(kind.name, resource.uid or "17", attributes, keys=kind.keys(resource))
    declared = documents(kind.example)[:-1]
    uids = {f"{document['metadata']['name']}-uid": document["metadata"]["name"] for document in declared}
    written = kind.authored(live, LiveNames(**uids))
    spec = dict(written.spec)
    if kind.shorthand is not None:
        model = dict(written.body or {})
        spec.pop("from", None)
        spec = {"folder": spec.pop("folder", None), "model": {**model, **spec}}
    names = Names(**{document["metadata"]["name"]: {} for document in declared})
    again = kind.desired(resource.address.name, kind.spec.model_validate(canonical_value(spec)), names)
    normal = kind.normalise(again.attributes)
    assert names.failures == []
    assert diff(kind.project(attributes, normal), normal, identities=kind.identities, authored=True) == ()
    assert set(again.secrets) == set(made.secrets)
    assert len(written.secrets) == len(set(written.secrets)) == len(made.secrets)
