"""Where secrets come from: programs, sops files, what packages bring; and how little of a failure is shown."""

import os
import shutil
import subprocess
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from reconciler.core.errors import InvalidInput
from reconciler.core.resource import SecretRef
from reconciler.core.secret_source import SecretSource, Unavailable
from reconciler.grafana.secrets import SecretResolver, programs
from reconciler.grafana.secrets import sources as package
from reconciler.grafana.secrets.programs import Program
from reconciler.grafana.secrets.sources import discover

CANARY = "zebra7Q-canary"
SHELL = "/bin/sh"


def program(folder: Path, name: str, body: str) -> Path:
    """An executable; every call of it is a line in `<name>.calls`."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!{SHELL}\nprintf "%s\\n" "$*" >> {folder}/{name}.calls\n{body}\n', "utf-8")
    path.chmod(0o755)
    return path


def calls(folder: Path, name: str) -> list[str]:
    path = folder / f"{name}.calls"
    return path.read_text("utf-8").splitlines() if path.exists() else []


def resolver(folder: Path, *allowed: str, **environment: str) -> SecretResolver:
    path = f"{folder / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"
    return SecretResolver({"PATH": path, **environment}, folder, allowed)


def command(text: str) -> SecretRef:
    return SecretRef(f"${{command:{text}}}")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (f"echo {CANARY}", CANARY),
        (f"printf '{CANARY}\\r\\n'", CANARY),
        ("printf ' a b \\n\\n'", " a b \n"),
        ("pwd", None),
        ('printf "$TOKEN"', "from the environment"),
    ],
)
def test_what_a_program_prints_is_the_secret(tmp_path: Path, body: str, value: str | None) -> None:
    program(tmp_path, "show", body)
    secrets = resolver(tmp_path, "show", TOKEN="from the environment")
    assert secrets.resolve(command("show")) == (str(tmp_path) if value is None else value)


def test_words_are_split_without_a_shell(tmp_path: Path) -> None:
    program(tmp_path, "show", "printf '<%s>' \"$@\"")
    secrets = resolver(tmp_path, "show", HOME="/home/me")
    assert secrets.resolve(command("""show -f='{{.a}}' "b c" $HOME ; rm * | x""")) == (
        "<-f={{.a}}><b c><$HOME><;><rm><*><|><x>"
    )


def test_a_program_runs_once_a_run_and_only_when_it_is_asked(tmp_path: Path) -> None:
    program(tmp_path, "show", f"echo {CANARY}")
    secrets = resolver(tmp_path, "show")
    reference = command("show it")
    assert secrets.malformed(reference) is None
    assert calls(tmp_path, "show") == []
    digest = secrets.digest(reference)
    assert secrets.matches(reference, digest)
    assert secrets.missing(reference) is None
    assert calls(tmp_path, "show") == ["it"]


@pytest.mark.parametrize(
    ("allowed", "text", "runs"),
    [
        ((), "show a", False),
        (("other",), "show a", False),
        (("show",), "show a", True),
        (("show a",), "show a b", True),
        (("show a",), "show b", False),
        (("show a",), "show", False),
        (("",), "show", False),
        (("show",), "./bin/show", False),
        (("./bin/show",), "./bin/show", True),
    ],
)
def test_only_what_ggrec_yaml_names_runs(tmp_path: Path, allowed: tuple[str, ...], text: str, runs: bool) -> None:
    program(tmp_path, "show", f"echo {CANARY}")
    secrets = resolver(tmp_path, *allowed)
    assert (secrets.missing(command(text)) is None) is runs
    assert bool(calls(tmp_path, "show")) is runs
    if not runs:
        assert "secret_commands: [" in str(secrets.malformed(command(text)))


@pytest.mark.parametrize(
    ("body", "text", "why"),
    [
        (f"echo {CANARY}; echo no: {CANARY} >&2; exit 3", "show", "`show` ended with 3: no: [secret]"),
        ("echo bad >&2; exit 1", "show a b", "`show a b` ended with 1: bad"),
        ("echo https://me:hunter2x@vault >&2; exit 1", "show", "`show` ended with 1: https://me:[secret]@vault"),
        ('echo "$TOKEN" >&2; exit 1', "show", "`show` ended with 1: [secret]"),
        ("exit 7", "show", "`show` ended with 7"),
        ("true", "show", "`show` printed nothing"),
        ("printf '\\377'", "show", "what `show` printed is not UTF-8 text"),
        ("kill -9 $$", "show", "`show` ended with -9"),
        ("head -c 1000002 /dev/zero", "show", "`show` printed more than a secret can be"),
        ("true", "nowhere", "`nowhere` could not be run: nowhere is not on PATH"),
        ("true", "./nowhere", "`./nowhere` could not be run: No such file or directory"),
        ("true", "'show", "${command:'show}: a quote in it is not closed"),
        ("true", "''", "${command:''}: it names no program"),
    ],
)
def test_why_a_program_gives_no_secret(tmp_path: Path, body: str, text: str, why: str) -> None:
    program(tmp_path, "show", body)
    secrets = resolver(tmp_path, "show", "nowhere", "./nowhere", TOKEN="known-before")
    secrets.resolve(SecretRef("${env:TOKEN}"))
    assert secrets.missing(command(text)) == why


def test_what_a_program_says_is_cut_short(tmp_path: Path) -> None:
    program(tmp_path, "show", "i=0; while [ $i -lt 200 ]; do echo line $i >&2; i=$((i+1)); done; exit 1")
    said = str(resolver(tmp_path, "show").missing(command("show")))
    assert said.startswith("`show` ended with 1: …")
    assert said.endswith("line 198 line 199")
    assert len(said) < 350


def test_a_program_that_does_not_end_is_ended_with_all_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "show", f"echo {CANARY}; sleep 600 & echo $! > {tmp_path}/child; wait")
    monkeypatch.setattr(programs, "Program", partial(Program, seconds=0.5))
    why = resolver(tmp_path, "show").missing(command("show"))
    assert why == "`show` did not end within 0.5 seconds"
    child = tmp_path / "child"
    if child.exists():  # on a very busy machine it was ended before it began one
        process = Path(f"/proc/{child.read_text().strip()}/stat")
        assert not process.exists() or process.read_text().split()[2] in "ZX"


SOPS = """\
[ "$1 $2 $3" = "-d --output-type json" ] || {{ echo "bad arguments: $*" >&2; exit 2; }}
[ "$4" = enc.yaml ] || {{ echo "sops metadata not found" >&2; exit {code}; }}
cat <<'END'
{{"grafana": {{"password": "{canary}", "pin": 0123456, "on": true, "none": null, "empty": "",
 "a.b": "dotted", "list": [{{"x": "first"}}]}}}}
END
"""


def sops_files(folder: Path, code: int = 1) -> SecretResolver:
    program(folder, "sops", SOPS.format(canary=CANARY, code=code).replace("0123456", "123456"))
    for name in ("enc.yaml", "plain.yaml"):
        (folder / name).write_text("x", "utf-8")
    return resolver(folder)


SOPS_VALUES = [
    ("grafana.password", CANARY),
    ("grafana.pin", "123456"),
    ('grafana."a.b"', "dotted"),
    ("grafana.list.0.x", "first"),
]
SOPS_FAILURES = [
    ("enc.yaml#grafana.nope", "enc.yaml has no grafana.nope: there is no 'nope'"),
    ("enc.yaml#grafana.password.x", "enc.yaml has no grafana.password.x: there is no 'x'"),
    ("enc.yaml#grafana.list.7", "enc.yaml has no grafana.list.7: there is no '7'"),
    ("enc.yaml#grafana.on", "grafana.on in enc.yaml is neither a text nor a number"),
    ("enc.yaml#grafana", "grafana in enc.yaml is neither a text nor a number"),
    ("enc.yaml#grafana.none", "grafana.none in enc.yaml is empty"),
    ("enc.yaml#grafana.empty", "grafana.empty in enc.yaml is empty"),
    ("none.yaml#a", "the file none.yaml cannot be read: there is none"),
    ("plain.yaml#a", "`sops -d plain.yaml` ended with 1: sops metadata not found"),
]


def test_a_sops_file_is_decrypted_once_for_all_its_values(tmp_path: Path) -> None:
    secrets = sops_files(tmp_path)
    for key, value in SOPS_VALUES:
        assert secrets.resolve(SecretRef(f"${{sops:enc.yaml#{key}}}")) == value
    assert calls(tmp_path, "sops") == ["-d --output-type json enc.yaml"]
    assert secrets.redacted(f"a {CANARY} b") == "a [secret] b"


@pytest.mark.parametrize(("text", "why"), SOPS_FAILURES)
def test_why_a_sops_file_gives_no_secret(tmp_path: Path, text: str, why: str) -> None:
    assert sops_files(tmp_path).missing(SecretRef(f"${{sops:{text}}}")) == why


def test_without_a_key_or_without_sops(tmp_path: Path) -> None:
    why = str(sops_files(tmp_path, code=128).missing(SecretRef("${sops:plain.yaml#a}")))
    assert why.startswith("`sops -d plain.yaml` failed: no key that is here can decrypt it")
    without = SecretResolver({"PATH": str(tmp_path)}, tmp_path)
    assert without.missing(SecretRef("${sops:enc.yaml#a}")) == (
        "`sops -d enc.yaml` could not be run: sops is not on PATH"
    )


@pytest.mark.parametrize("text", ["enc.yaml", "enc.yaml#", "#a", "enc.yaml#a..b", "enc.yaml#.a", "enc.yaml#a.", 'e#"a'])
def test_a_sops_reference_needs_a_file_and_a_key(tmp_path: Path, text: str) -> None:
    assert "the file, and the key" in str(resolver(tmp_path).malformed(SecretRef(f"${{sops:{text}}}")))


@pytest.mark.skipif(not (shutil.which("sops") and shutil.which("age-keygen")), reason="sops and age-keygen not on PATH")
def test_the_real_sops(tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", str(key)], check=True, capture_output=True)
    public = next(line.split()[-1] for line in key.read_text().splitlines() if "public key" in line)
    for name, content in {"plain": "", "enc": ""}.items():
        content = f'grafana:\n  password: {CANARY}\n  pin: 123456\n  on: true\n  none:\n  empty: ""\n  a.b: dotted\n'
        (tmp_path / f"{name}.yaml").write_text(content + "  list: [{x: first}]\n", "utf-8")
    subprocess.run(["sops", "encrypt", "-i", "--age", public, "enc.yaml"], cwd=tmp_path, check=True)
    secrets = SecretResolver({**os.environ, "SOPS_AGE_KEY_FILE": str(key)}, tmp_path)
    for path, value in SOPS_VALUES:
        assert secrets.resolve(SecretRef(f"${{sops:enc.yaml#{path}}}")) == value
    for text, why in SOPS_FAILURES:
        assert secrets.missing(SecretRef(f"${{sops:{text}}}")) == why
    keyless = SecretResolver({"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, tmp_path)
    assert "no key that is here can decrypt it" in str(keyless.missing(SecretRef("${sops:enc.yaml#grafana.pin}")))


class Vault(SecretSource):
    """A source as a package might bring it."""

    name = "vault"
    form = "${vault:path}"

    def fetch(self, argument: str) -> str | Unavailable:
        return CANARY if argument == "a" else Unavailable(f"the vault has no {argument}")


class SecondEnv(Vault):
    """One whose name is taken."""

    name = "env"


def _installed(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    point = EntryPoint("vault", value, package.ENTRY_POINTS)
    monkeypatch.setattr(package, "entry_points", lambda group: [point] if group == "ggrec.secrets" else [])


def test_the_sources_of_the_package_are_found() -> None:
    assert list(discover()) == ["command", "env", "file", "sops"]


def test_an_installed_package_brings_a_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _installed(monkeypatch, f"{__name__}:Vault")
    secrets = resolver(tmp_path)
    assert secrets.resolve(SecretRef("${vault:a}")) == CANARY
    assert secrets.missing(SecretRef("${vault:b}")) == "the vault has no b"
    assert secrets.redacted(CANARY) == "[secret]"


def test_two_sources_of_one_name_are_an_error_that_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch, f"{__name__}:SecondEnv")
    with pytest.raises(InvalidInput, match=r"'env': reconciler\S+env\.Variables and tests\S+\.SecondEnv"):
        discover()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no.such.module:Vault", "cannot be loaded: No module named 'no'"),
        ("reconciler.core.secret_source:Unavailable", "is not a class derived from"),
        ("reconciler.core.secret_source:SecretSource", "is not a class derived from"),
    ],
)
def test_an_entry_point_that_brings_no_source_is_named(monkeypatch: pytest.MonkeyPatch, value: str, why: str) -> None:
    _installed(monkeypatch, value)
    with pytest.raises(InvalidInput) as caught:
        discover()
    assert str(caught.value).startswith(f"the source of secrets 'vault' of an installed package ({value}) {why}")
