"""A canary secret from every source, looked for in every byte that commands print, write, send or pass on; and what is
said of secrets that somebody wrote out.
"""

import base64
import gzip
import json
import logging
import os
import re
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from reconciler.authoring.resolve import resolve
from reconciler.core.resource import SecretRef
from reconciler.core.secret_reference import read_reference
from reconciler.grafana.secrets import SecretResolver
from reconciler.grafana.secrets.digests import Digests
from reconciler.kinds import discover
from reconciler.loader.documents import load_documents
from reconciler.loader.yaml import parse_yaml
from tests.cli.command import DESIRED, Ended, Folder
from tests.grafana.test_secret_sources import program

CANARIES = {
    "env": 'zebra-env"7Q/x+&\\é',
    "file": "zebra-file\nsecond-zebra-line-of-it",
    "command": "zebra-command $7Q %41 'x'",
    "sops": "zebra-sops&7Q<x>",
    "token": "glsa_zebraToken0123456789",
}
ROTATED = "zebra-rotated/7Q?x=1"
HIDDEN = (*CANARIES.values(), ROTATED)
PROJECT = """\
apiVersion: ggrec/v1
kind: Project
metadata: {{name: test}}
spec:
  default: sandbox
  secret_commands: [show]
  instances:
    sandbox:
      url: {url}
      auth: {auth}
      state: state
"""
AUTH = {"token": '{token: "${command:show token}"}', "basic": '{user: zoe, password: "${file:secrets/password}"}'}
REFERENCES = {
    "env": "${env:CANARY}",
    "file": "${file:secrets/one.txt}",
    "command": "${command:show password}",
    "sops": "${sops:secrets/enc.yaml#grafana.password}",
}


def estate(url: str = "http://127.0.0.1:9") -> str:
    """All that takes a secret, from every source."""
    parts = [DESIRED]
    for name, reference in REFERENCES.items():
        parts.append(
            f"apiVersion: ggrec/v1\nkind: Datasource\nmetadata: {{name: ds-{name}}}\n"
            f"spec:\n  type: loki\n  url: {url}\n  secureJsonData:\n    password: {json.dumps(reference)}\n"
        )
    secure = "".join(
        f"    - type: webhook\n      uid: hook-{name}\n      settings: {{url: {url}}}\n"
        f"      secureSettings:\n        password: {json.dumps(reference)}\n"
        f"        tlsConfig.clientKey: {json.dumps(reference)}\n"
        for name, reference in REFERENCES.items()
    )
    head = "apiVersion: ggrec/v1\nkind: ContactPoint\nmetadata: {name: pager}\nspec:\n  integrations:\n"
    return "---\n".join([*parts, head + secure])


@pytest.fixture(params=AUTH)
def estated(request: pytest.FixtureRequest, project: Folder, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A project that needs every source, and credentials that are a canary too."""
    monkeypatch.setattr(Digests, "derive", lambda self, text, salt: blake2b(text.encode(), key=salt).digest())
    world, folder = sandbox.world, project.path
    token = world.add_service_account("ci", "Admin")
    world.tokens[CANARIES["token"]] = world.tokens.pop(token)
    zoe = world.add_user("zoe", "zoe@x.org", password=CANARIES["sops"], role="Admin")
    zoe.server_admin = True
    project.write("ggrec.yaml", PROJECT.format(url=sandbox.url, auth=AUTH[request.param]))
    project.write("desired/all.yaml", estate())
    project.write("secrets/password", CANARIES["sops"] + "\n")
    project.write("secrets/one.txt", CANARIES["file"] + "\n")
    project.write("secrets/enc.yaml", "encrypted")
    project.write("secrets/token.txt", CANARIES["token"])
    project.write("secrets/command.txt", CANARIES["command"])
    project.write("secrets/sops.json", json.dumps({"grafana": {"password": CANARIES["sops"]}}))
    program(folder, "show", '[ "$1" = token ] && exec cat secrets/token.txt; cat secrets/command.txt')
    program(folder, "sops", "cat secrets/sops.json")
    project.environment.update(CANARY=CANARIES["env"], PATH=f"{folder}/bin{os.pathsep}{os.environ['PATH']}")
    return project


def forms(secret: str) -> list[bytes]:
    """How a secret may look where somebody wrote it down."""
    data = secret.encode()
    texts = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret)]
    texts += [quote(secret, safe=""), base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()]
    texts += [base64.b64encode(f"zoe:{secret}".encode()).decode(), repr(secret)[1:-1], *secret.splitlines()]
    return [text.encode() for text in texts]


def assert_nowhere(data: bytes, where: str) -> None:
    for secret in HIDDEN:
        for form in forms(secret):
            assert form not in data, f"{form!r} is in {where}"
    assert b"zebra" not in data, f"a part of a secret is in {where}"


def assert_no_file_tells(folder: Path) -> None:
    seen = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).parts[0] not in {"secrets", "bin"}:
            data = path.read_bytes()
            assert_nowhere(gzip.decompress(data) if path.suffix == ".gz" else data, str(path))
            assert_nowhere(str(path).encode(), "a file's name")
            seen += 1
    assert seen > 10


def test_every_kind_that_takes_secrets_is_looked_at(tmp_path: Path) -> None:
    """A new kind with secrets belongs into `estate`."""
    for kind in discover().values():
        (tmp_path / f"{kind.name}.yaml").write_text(kind.example, "utf-8")
    taking = set()
    for file in tmp_path.glob("*.yaml"):
        loaded = load_documents(tmp_path, root=tmp_path)
        resolved = resolve([d for d in loaded.documents if d.mark.file == file.name], discover(), values={})
        taking |= {resource.address.kind for resource in resolved.resources if resource.secrets}
    assert taking == {"contact-point", "datasource"}


def test_no_secret_is_in_any_byte(estated: Folder, sandbox: Any) -> None:
    def run(*arguments: str, code: int | None = 0) -> Ended:
        ended = estated.ggrec(*arguments)
        assert code is None or ended.code == code, ended.out + ended.err
        assert_nowhere((ended.out + ended.err).encode(), " ".join(arguments))
        return ended

    for arguments in (("validate",), ("validate", "--json"), ("plan", "-v"), ("plan", "-v", "--json")):
        run(*arguments)
    run("plan", "-o", "first.ggrec", "--preview", "pages")
    run("show", "first.ggrec", "-v")
    run("show", "first.ggrec", "--json")
    run("apply", "first.ggrec", "-v")
    stored = {key: ds["secrets"]["password"] for key, ds in sandbox.world.orgs[1].datasources.items()}
    assert stored == {f"ds-{name}": CANARIES[name] for name in REFERENCES}, "else nothing is tested here"
    (pager,) = (item for item in sandbox.world.orgs[1].notifications["receivers"] if item["name"] == "pager")
    held = {one["uid"]: {secret["value"] for secret in one["secrets"].values()} for one in pager["integrations"]}
    assert held == {f"hook-{name}": {CANARIES[name]} for name in REFERENCES}
    assert "No changes" in run("plan", "-v").out

    estated.environment["CANARY"] = ROTATED
    rotated = run("plan", "--json", "-o", "second.ggrec").json
    assert [(c["address"], c["secrets"]) for c in rotated["changes"]] == [
        ("contact-point.pager", ["hook-env.password", "hook-env.tlsConfig.clientKey"]),
        ("datasource.ds-env", ["secureJsonData.password"]),
    ]
    run("apply", "--auto-approve", "--json", "-v")
    assert "(secret sent again)" in run("plan", "--resend-secrets", "-v").out
    run("apply", "--auto-approve", "--resend-secrets", "-v")
    sandbox.faults.add("drop_secure_json", count=None)
    estated.write("desired/all.yaml", estate().replace("    password:", "    other:", len(REFERENCES)))
    run("apply", "--auto-approve", "-v", code=6)
    sandbox.faults.switches.clear()
    run("apply", "--auto-approve", "--json", code=0)

    for name in REFERENCES:
        for command in (("state", "show"), ("history",), ("explain",), ("render",)):
            run(*command, f"datasource.ds-{name}")
    for command in (("state", "show"), ("history",), ("explain",), ("render",)):
        run(*command, "contact-point.pager")
    run("state", "list")
    run("history", "--json")
    run("history")
    run("preview", "--out", "more-pages")
    run("fmt", "--diff", code=None)
    run("roles")
    run("state", "rm", "datasource.ds-env", "datasource.ds-file")
    run("import", "datasource.ds-env", "-v")
    run("plan", "--resend-secrets", "-v", "--json")
    assert_no_file_tells(estated.path)
    run("destroy", "--auto-approve", "-v")
    assert_no_file_tells(estated.path)


def test_a_crash_tells_no_secret(estated: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*given: Any, **named: Any) -> None:
        told = [form.decode() for secret in CANARIES.values() for form in forms(secret)]
        raise ValueError(" ".join(told)) from RuntimeError(CANARIES["env"])

    monkeypatch.setattr("reconciler.cli.applying._account", explode)
    for arguments in (("apply", "--auto-approve"), ("apply", "--auto-approve", "--resend-secrets", "--json")):
        ended = estated.ggrec(*arguments)
        assert ended.code == 1
        said = ended.out + ended.err
        assert "an error that ggrec did not foresee: ValueError: [secret]" in said
        assert "explode (" in said
        assert "Traceback" not in said
        for name in REFERENCES:
            for form in forms(CANARIES[name]):
                assert form not in said.encode(), form


def test_a_crash_before_anything_is_known_is_told_too(project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*given: Any, **named: Any) -> None:
        raise KeyError("glsa_0123456789abcdef0123456789abcdef")

    monkeypatch.setattr("reconciler.cli.session.load_project", explode)
    ended = project.ggrec("validate", "--json")
    assert ended.code == 1
    assert ended.json["errors"][0]["message"].startswith(
        "an error that ggrec did not foresee: KeyError: '[secret]' [in "
    )


def test_what_asyncio_logs_tells_no_secret(estated: Folder, caplog: pytest.LogCaptureFixture) -> None:
    assert estated.ggrec("apply", "--auto-approve").code == 0
    error = ValueError(CANARIES["env"])
    logging.getLogger("asyncio").error("Task exception: %r\n%s", error, CANARIES["env"], exc_info=error)
    assert "(ValueError: [secret])" in caplog.text
    assert "zebra" not in caplog.text


RECIPES = re.findall(
    r"```yaml\n(password: .*?)```", (Path(__file__).parents[2] / "docs" / "secrets.md").read_text("utf-8"), re.DOTALL
)[0]


def test_the_recipes_are_references_that_may_run_so(tmp_path: Path) -> None:
    allowed = re.findall(r"# secret_commands: \[(.*)\]", RECIPES)
    texts = [parse_yaml(line.encode(), "a")[0][0]["password"] for line in RECIPES.splitlines() if "password: $" in line]
    assert len(texts) == 6
    secrets = SecretResolver({}, tmp_path, allowed)
    assert [secrets.malformed(SecretRef(text)) for text in texts] == [None] * 6
    assert len(allowed) == 5


WRITTEN = """\
apiVersion: ggrec/v1
kind: Datasource
metadata:   {name: p}
spec:
    type: loki
    url:   'http://me:zebraUrl1@host'
    jsonData: {apiKey:   "zebra\\"key1"}
    secureJsonData:
        password:   'zebra''s one'
        b: "zebra-two\\u00e9"
        pem: |
            -----BEGIN PRIVATE KEY-----
            zebraMIIEvQIBADANBgkq
            -----END PRIVATE KEY-----
        fine: ${env:NAME}
---
apiVersion: ggrec/v1
kind: ContactPoint
metadata: {name: c}
spec:
    integrations:
      -   type: slack
          secureSettings:
              url:   https://hooks.example.org/zebra
              b: "zebra-three"
"""


def test_a_difference_of_formats_hides_what_is_written_out(project: Folder) -> None:
    project.write("desired/all.yaml", WRITTEN)
    ended = project.ggrec("fmt", "--diff")
    assert ended.code == 1
    assert "+  type: loki" in ended.out
    assert "${env:NAME}" in ended.out
    assert "zebra" not in ended.out + ended.err
    assert "zebra" not in project.ggrec("validate").out


def test_references_that_nothing_can_be_made_of_are_found_offline(project: Folder) -> None:
    texts = {"a": "${vault:x}", "b": "${command:op read it}", "c": "${sops:file}", "d": "${env:A:-b}"}
    assert all(read_reference(text) for text in texts.values())
    lines = "".join(f"    {key}: {text!r}\n" for key, text in texts.items())
    project.write(
        "desired/all.yaml",
        "apiVersion: ggrec/v1\nkind: Datasource\nmetadata: {name: p}\nspec:\n  type: loki\n  secureJsonData:\n" + lines,
    )
    ended = project.ggrec("validate", "--json")
    assert ended.code == 1
    found = [(item["where"]["line"], item["code"], item["message"]) for item in ended.json["findings"]]
    forms_ = "${command:PROGRAM ARGUMENT …}, ${env:NAME}, ${file:path} or ${sops:path#key.sub}"
    assert found == [
        (7, "bad-reference", f"secureJsonData.a: ${{vault:x}}: there is no source 'vault' of secrets: write {forms_}"),
        (
            8,
            "bad-reference",
            "secureJsonData.b: ${command:op read it}: the program 'op' may not be run so: allow it in the spec of "
            "ggrec.yaml, as in `secret_commands: [op]`; whoever can change desired files can then run it",
        ),
        (
            9,
            "bad-reference",
            "secureJsonData.c: ${sops:file}: write ${sops:path#key.sub}: the file, and the key of the value in it",
        ),
    ]


def test_credentials_of_ggrec_yaml_are_checked_offline_too(project: Folder, sandbox: Any) -> None:
    project.write("ggrec.yaml", PROJECT.format(url=sandbox.url, auth='{token: "${command:op read it}"}'))
    ended = project.ggrec("validate")
    assert ended.code == 1
    assert "ggrec.yaml:10:21:" in ended.err + ended.out
    assert "the program 'op' may not be run so" in ended.err + ended.out


def test_a_reference_of_a_part_is_told_where_it_stands(project: Folder) -> None:
    text = (
        "apiVersion: ggrec/v1\nkind: ContactPoint\nmetadata: {name: c}\nspec:\n  integrations:\n    - type: email\n"
        "    - type: slack\n      secureSettings:\n        url: ${env:URL}\n        token: ${vault:x}\n"
    )
    project.write("desired/all.yaml", text)
    (problem,) = project.ggrec("validate", "--json").json["findings"]
    assert (problem["code"], problem["where"]["line"], problem["where"]["column"]) == ("bad-reference", 10, 16)
    assert problem["message"].startswith("c-slack.token: ${vault:x}: there is no source 'vault'")
