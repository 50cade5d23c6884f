"""ggrec.yaml and the environment: what an instance comes to, and who wins."""

from pathlib import Path

import pytest

from reconciler.core.errors import GgrecError, InvalidInput, UsageError
from reconciler.core.guard import Guard, Limits
from reconciler.core.json import Json
from reconciler.core.resource import SecretRef
from reconciler.loader.instance import default_name
from reconciler.loader.project import Instance, Project, Tls, load_project
from reconciler.loader.references import interpolated, is_reference, parse_reference
from reconciler.loader.state import RemoteState

FULL = """\
apiVersion: ggrec/v1
kind: Project
metadata: {name: shop}
spec:
  desired: grafana/
  default: test
  instances:
    test:
      url: http://127.0.0.1:3999
      auth: {user: "${env:ME:-admin}", password: "${env:GRAFANA_PASSWORD:-admin}"}
    production:
      url: "https://${env:HOST}/grafana"
      auth: {token: "${file:secrets/token}"}
      org: 7
      state: "state/${env:STAGE:-live}"
      timeout: 5
      values: {url: "http://${env:PROMETHEUS:-prom}:9090", deep: {list: ["${env:HOST}", 1, null]}, scrape: 15.5}
      tls: {ca: tls/ca.pem, certificate: tls/c.pem, key: tls/k.pem, insecure_skip_verify: true}
      guard: {max_deletes: 5, max_delete_share: 0.2}
"""


def project(folder: Path, text: str = FULL, environment: dict[str, str] | None = None) -> Project:
    """The project of a text."""
    (folder / "ggrec.yaml").write_text(text, "utf-8")
    for name in ("ca", "c", "k"):
        (folder / "tls").mkdir(exist_ok=True)
        (folder / "tls" / f"{name}.pem").touch()
    return load_project(None, start=folder, environment=environment or {})


def test_a_whole_file(tmp_path: Path) -> None:
    found = project(tmp_path, environment={"HOST": "g.example"})
    assert (found.name, found.root, found.desired) == ("shop", tmp_path, tmp_path / "grafana")
    assert list(found.model.instances) == ["test", "production"]
    values: dict[str, Json] = {"url": "http://prom:9090", "deep": {"list": ["g.example", 1, None]}, "scrape": 15.5}
    assert found.values("production") == values
    assert found.values(None) == {}
    assert found.instance("production", {"HOST": "g.example"}) == Instance(
        name="production",
        url="https://g.example/grafana",
        state=tmp_path / "state/live",
        token=SecretRef("${file:secrets/token}"),
        org=7,
        values=values,
        tls=Tls(tmp_path / "tls/ca.pem", tmp_path / "tls/c.pem", tmp_path / "tls/k.pem", True),
        guard=Guard(max_deletes=5, max_delete_share=0.2),
        timeout=5.0,
    )


def test_a_state_in_an_object_store(tmp_path: Path) -> None:
    state = """{url: "s3://${env:BUCKET}/live/", endpoint: "http://minio:9000", region: eu-west-1, allow_http: true,
        ca: tls/ca.pem, access_key_id: "${env:MINIO_USER}", secret_access_key: "${env:MINIO_PASSWORD}", lease: 30}"""
    found = project(tmp_path, FULL.replace('"state/${env:STAGE:-live}"', state), {"HOST": "g"})
    instance = found.instance("production", {"HOST": "g", "BUCKET": "b"})
    assert instance.lease == 30.0
    assert instance.state == RemoteState(
        "s3://b/live",
        endpoint="http://minio:9000",
        region="eu-west-1",
        allow_http=True,
        ca=tmp_path / "tls/ca.pem",
        access_key_id=SecretRef("${env:MINIO_USER}"),
        secret_access_key=SecretRef("${env:MINIO_PASSWORD}"),
    )
    plain = project(tmp_path, FULL.replace('"state/${env:STAGE:-live}"', "gs://b/live"), {"HOST": "g"})
    assert plain.instance("production", {"HOST": "g"}).state == RemoteState("gs://b/live")


def test_the_default_instance_and_what_need_not_be_written(tmp_path: Path) -> None:
    assert project(tmp_path).instance(None, {}) == Instance(
        name="test",
        url="http://127.0.0.1:3999",
        state=tmp_path / "state/test",
        user="admin",
        password=SecretRef("${env:GRAFANA_PASSWORD:-admin}"),
    )


_GUARDED = """\
apiVersion: ggrec/v1
kind: Project
metadata: {name: shop}
spec:
  guard: {max_deletes: 7, floor: 2, references: false, kinds: {team: {max_deletes: 1, max_updates: 2}}}
  protect:
    addresses: [dashboard.exec-*]
    homes: false
  instances:
    test:
      url: http://127.0.0.1:3999
      auth: {user: admin, password: "${env:GRAFANA_PASSWORD:-admin}"}
      guard: {max_deletes: 3, max_update_share: 0.9, references: true, kinds: {team: {max_deletes: 4}}}
      protect: {folders: [executive, folder.board], tags: [sla], homes: true}
"""


def test_guards_of_the_project_and_over_them_of_the_instance(tmp_path: Path) -> None:
    found = project(tmp_path, _GUARDED).instance(None, {})
    team = Limits(max_deletes=4, max_updates=2)
    assert found.guard == Guard(max_deletes=3, floor=2, max_update_share=0.9, kinds={"team": team})
    assert found.guard.limit("max_deletes", "team") == (4, "guard.kinds.team.max_deletes")
    assert found.guard.limit("floor", "team") == (2, "guard.floor")
    assert found.guard.limit("max_deletes", "folder") == (3, "guard.max_deletes")
    assert found.protection.homes
    assert [(rule.sort, rule.text, str(rule.where)) for rule in found.protection.rules] == [
        ("addresses", "dashboard.exec-*", "ggrec.yaml:7:17"),
        ("folders", "executive", "ggrec.yaml:14:27"),
        ("folders", "folder.board", "ggrec.yaml:14:38"),
        ("tags", "sla", "ggrec.yaml:14:60"),
    ]
    assert str(found.protection.homes_at) == "ggrec.yaml:14:73"


def test_the_only_instance_needs_no_default(tmp_path: Path) -> None:
    text = FULL.partition("    production:")[0].replace("  default: test\n", "")
    assert project(tmp_path, text).instance(None, {}).name == "test"


def test_what_is_not_set_matters_only_to_the_instance_that_is_chosen(tmp_path: Path) -> None:
    found = project(tmp_path)
    assert found.instance("test", {}).url == "http://127.0.0.1:3999"
    with pytest.raises(InvalidInput) as caught:
        found.instance("production", {})
    assert [str(item.where) for item in caught.value.diagnostics] == ["ggrec.yaml:12:12", "ggrec.yaml:17:74"]
    with pytest.raises(InvalidInput, match="HOST is not set"):
        found.values("production")


TOKEN = {"GRAFANA_TOKEN": "canary"}
LOGIN = {"GRAFANA_USER": "me", "GRAFANA_PASSWORD": "canary"}
FILE = ("admin", None, "${env:GRAFANA_PASSWORD:-admin}")


@pytest.mark.parametrize(
    ("environment", "url", "found"),
    [
        ({}, None, "http://127.0.0.1:3999"),
        ({"GRAFANA_URL": ""}, None, "http://127.0.0.1:3999"),
        ({"GRAFANA_URL": "http://env"}, None, "http://env"),
        ({"GRAFANA_URL": "http://env"}, "http://given", "http://given"),
        ({}, "http://given/sub/", "http://given/sub/"),
    ],
)
def test_the_url_comes_from_the_command_then_the_environment_then_the_file(
    tmp_path: Path, environment: dict[str, str], url: str | None, found: str
) -> None:
    assert project(tmp_path).instance("test", environment, url=url).url == found


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, FILE),
        ({"GRAFANA_TOKEN": "", "GRAFANA_USER": ""}, FILE),
        ({"GRAFANA_PASSWORD": "canary"}, FILE),
        (TOKEN, (None, "${env:GRAFANA_TOKEN}", None)),
        (LOGIN, ("me", None, "${env:GRAFANA_PASSWORD}")),
        ({**LOGIN, **TOKEN}, (None, "${env:GRAFANA_TOKEN}", None)),
    ],
)
def test_credentials_of_the_environment_win_and_stay_references(
    tmp_path: Path, environment: dict[str, str], found: tuple[str | None, ...]
) -> None:
    chosen = project(tmp_path).instance("test", environment)
    token, password = (None if ref is None else str(ref) for ref in (chosen.token, chosen.password))
    assert (chosen.user, token, password) == found
    assert "canary" not in repr(chosen)


def test_the_organisation_of_the_environment_wins(tmp_path: Path) -> None:
    found = project(tmp_path)
    assert found.instance("test", {"GRAFANA_ORG_ID": "3"}).org == 3
    assert found.instance("production", {"HOST": "g", "GRAFANA_ORG_ID": "3"}).org == 3
    assert found.instance("production", {"HOST": "g", "GRAFANA_ORG_ID": ""}).org == 7


def test_an_overridden_url_needs_none_of_its_variables(tmp_path: Path) -> None:
    found = project(tmp_path, FULL.replace('["${env:HOST}", 1, null]', "[]"))
    assert found.instance("production", {}, url="http://given").url == "http://given"


def test_without_a_file_the_environment_is_enough(tmp_path: Path) -> None:
    found = load_project(None, start=tmp_path)
    assert (found.name, found.root, found.desired, found.file) == ("default", tmp_path, tmp_path / "desired", None)
    assert found.values(None) == {}
    environment = {**TOKEN, "GRAFANA_URL": "https://G.example:3000/sub/", "GRAFANA_ORG_ID": "2"}
    assert found.instance(None, environment) == Instance(
        name="g.example-3000-sub",
        url="https://G.example:3000/sub/",
        state=tmp_path / "state/g.example-3000-sub",
        token=SecretRef("${env:GRAFANA_TOKEN}"),
        org=2,
    )


def test_several_instances_and_a_url_that_is_none_of_theirs(tmp_path: Path) -> None:
    found = project(tmp_path, FULL.replace("  default: test\n", ""))
    chosen = found.instance(None, TOKEN, url="http://other")
    assert (chosen.name, chosen.state, chosen.values) == ("other", tmp_path / "state/other", {})


def test_the_nearest_file_upward_is_found(tmp_path: Path) -> None:
    project(tmp_path)
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    found = load_project(None, start=below, environment={})
    assert (found.root, found.file) == (tmp_path, tmp_path / "ggrec.yaml")
    (tmp_path / "a/ggrec.yaml").write_text(FULL.replace("name: shop", "name: nearer"))
    assert load_project(None, start=below, environment={}).name == "nearer"
    (below / "ggrec.yaml").mkdir()
    assert load_project(None, start=below, environment={}).name == "nearer"


def test_a_named_file_is_taken_and_its_folder_is_the_root(tmp_path: Path) -> None:
    project(tmp_path)
    other = tmp_path / "conf/other.yaml"
    other.parent.mkdir()
    other.write_text(FULL.replace("url: http://127", "url: ftp://127"))
    with pytest.raises(InvalidInput) as caught:
        load_project(other, start=tmp_path)
    assert str(caught.value.diagnostics[0].where) == "other.yaml:9:12"
    other.write_text(FULL)
    assert load_project(other, start=tmp_path).root == tmp_path / "conf"


@pytest.mark.parametrize("name", ["nothing.yaml", ""])
def test_a_named_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be read: (No such file|Is a directory)"):
        load_project(tmp_path / name, start=tmp_path)


def test_an_upper_folder_that_may_not_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    assert load_project(None, start=tmp_path).file is None


def test_desired_may_name_a_variable_or_any_folder(tmp_path: Path) -> None:
    text = FULL.replace("desired: grafana/", 'desired: "${env:WHERE}/x"')
    assert project(tmp_path, text, {"WHERE": "there"}).desired == tmp_path / "there/x"
    assert project(tmp_path, text, {"WHERE": "/srv"}).desired == Path("/srv/x")


def test_the_process_gives_the_environment_where_none_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path)
    monkeypatch.setenv("HOST", "from-the-process")
    assert load_project(None, start=tmp_path).values("production")["deep"] == {"list": ["from-the-process", 1, None]}


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    found = project(tmp_path, environment={**TOKEN, "HOST": "canary"})
    assert "canary" not in repr(found)
    with pytest.raises(GgrecError) as caught:
        found.instance("test", TOKEN, url="https://me:canary@g")
    assert "canary" not in str(caught.value)
    with pytest.raises(UsageError, match="no instance 'prod'"):
        found.instance("prod", TOKEN)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://g.example", "g.example"),
        ("https://G.example:3000/grafana/", "g.example-3000-grafana"),
        ("http://[::1]:3000", "1-3000"),
        ("http://a:b@g", "g"),
        ("http://g/../..", "g"),
        ("http://[", "default"),
        ("", "default"),
    ],
)
def test_names_of_grafanas_that_no_file_names(url: str, name: str) -> None:
    assert default_name(url) == name


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("${env:NAME}", True),
        ("${env:_N1:-}", True),
        ("${env:NAME:-a default: here}", True),
        ("${file:/run/secrets/token}", True),
        ("${file:my token.txt}", True),
        ("", False),
        ("NAME", False),
        ("$NAME", False),
        ("${NAME}", False),
        ("${env:}", False),
        ("${env:1A}", False),
        ("${env:A-B}", False),
        ("${env:A", False),
        (" ${env:A}", False),
        ("${env:A}${env:B}", False),
        ("${vault:a}", True),
        ("${Vault:a}", False),
        ("${command:vault kv get -format='{{.data}}' \"a b\"}", True),
        ("${command: }", False),
        ("${sops:secrets.yaml#a.b}", True),
        ("${env:A}\n", False),
    ],
)
def test_what_a_reference_is(text: str, good: bool) -> None:
    assert is_reference(text) is good
    reference = parse_reference(text)
    assert (reference is not None) is good
    assert reference is None or str(reference.secret) == text


def test_filling_in() -> None:
    environment = {"A": "1", "EMPTY": ""}
    assert interpolated("x${env:A}y${env:EMPTY:-2}${env:B:-}", environment) == ("x1y2", [])
    assert interpolated("${env:B}${env:EMPTY}", environment) == ("", ["B", "EMPTY"])
    assert interpolated("${file:a} ${env:A-B} ${x} $A", environment) == ("${file:a} ${env:A-B} ${x} $A", [])
