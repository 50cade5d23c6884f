"""References to secrets: resolving, digesting, and being asked once."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import GgrecError
from reconciler.core.ports import Secrets
from reconciler.core.resource import SecretRef
from reconciler.grafana.secrets import SecretResolver

FORMS = "${command:PROGRAM ARGUMENT …}, ${env:NAME}, ${file:path} or ${sops:path#key.sub}"
ENVIRONMENT = {"A": "one", "EMPTY": "", "COLON": "a:-b}$", "RAW": "x\udcff"}


@pytest.fixture
def resolver(tmp_path: Path) -> SecretResolver:
    (tmp_path / "deep").mkdir()
    for name, content in {
        "plain": b"two\n",
        "windows": b"two\r\n",
        "blank": b" two \n\n",
        "deep/pem": b"-----BEGIN-----\nabc\n-----END-----\n",
        "empty": b"",
        "utf16": "two".encode("utf-16"),
        "huge": b"x" * 1_000_001,
    }.items():
        (tmp_path / name).write_bytes(content)
    return SecretResolver(ENVIRONMENT, tmp_path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${env:A}", "one"),
        ("${env:A:-other}", "one"),
        ("${env:NOPE:-other}", "other"),
        ("${env:NOPE:-}", ""),
        ("${env:NOPE:-a:-b}", "a:-b"),
        ("${env:EMPTY:-other}", "other"),
        ("${env:COLON}", "a:-b}$"),
        ("${file:plain}", "two"),
        ("${file:windows}", "two"),
        ("${file:blank}", " two \n"),
        ("${file:deep/pem}", "-----BEGIN-----\nabc\n-----END-----"),
        ("${file:deep/../plain}", "two"),
        ("${file:empty}", ""),
        ("${file:nope:-other}", "other"),
    ],
)
def test_what_a_reference_stands_for(resolver: SecretResolver, text: str, value: str) -> None:
    reference = SecretRef(text)
    assert resolver.missing(reference) is None
    assert resolver.resolve(reference) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("${env:NOPE}", "the environment variable NOPE is not set"),
        ("${env:EMPTY}", "the environment variable EMPTY is not set"),
        ("${env:RAW}", "${env:RAW} is not UTF-8 text"),
        ("${file:nope}", "the file nope cannot be read: No such file or directory"),
        ("${file:deep}", "the file deep cannot be read: Is a directory"),
        ("${file:a\0b}", "the file a\0b cannot be read: no such path"),
        ("${file:utf16}", "the file utf16 is not UTF-8 text"),
        ("${file:huge}", "the file huge is larger than a secret can be"),
        ("${vault:x}", "${vault:x}: there is no source 'vault' of secrets: write " + FORMS),
        ("${env:A} ", "${env:A}  is not a reference: write " + FORMS),
        ("glsa_literal", "this text is not a reference: write " + FORMS),
    ],
)
def test_why_a_reference_cannot_be_resolved(resolver: SecretResolver, text: str, why: str) -> None:
    reference = SecretRef(text)
    assert resolver.missing(reference) == why
    with pytest.raises(GgrecError) as caught:
        resolver.resolve(reference)
    assert str(caught.value) == f"{why}\n  hint: set it, then run again"


def test_an_absolute_file_is_possible(resolver: SecretResolver, tmp_path: Path) -> None:
    assert resolver.resolve(SecretRef(f"${{file:{tmp_path / 'plain'}}}")) == "two"


def test_it_is_what_the_engine_asks_for(resolver: SecretResolver) -> None:
    port: Secrets = resolver
    assert port.missing(SecretRef("${env:A}")) is None


A = SecretRef("${env:A}")


def digest_in_a_run(value: str) -> str:
    return SecretResolver({"A": value}, Path()).digest(A)


def test_a_digest_knows_its_value_and_no_other() -> None:
    digest = digest_in_a_run("one")
    assert SecretResolver({"A": "one"}, Path()).matches(A, digest)
    assert not SecretResolver({"A": "One"}, Path()).matches(A, digest)
    assert not SecretResolver({"A": "one "}, Path()).matches(A, digest)


def test_a_digest_has_a_salt_of_its_own() -> None:
    first, second = digest_in_a_run("one"), digest_in_a_run("one")
    assert first != second
    assert first.rsplit("$", 1)[1] != second.rsplit("$", 1)[1]
    two = SecretResolver({"A": "one", "B": "one"}, Path())
    assert two.digest(A) != two.digest(SecretRef("${env:B}"))


def test_a_changed_secret_gets_a_new_salt() -> None:
    old = digest_in_a_run("one")
    resolver = SecretResolver({"A": "two"}, Path())
    assert not resolver.matches(A, old)
    assert resolver.digest(A).split("$")[2] != old.split("$")[2]


def test_the_form_is_scrypt_with_its_cost() -> None:
    method, cost, salt, key = digest_in_a_run("one").split("$")
    assert (method, cost) == ("scrypt", "16384.8.1")
    assert (len(bytes.fromhex(salt)), len(bytes.fromhex(key))) == (16, 32)
    assert hashlib.scrypt(b"one", salt=bytes.fromhex(salt), n=16384, r=8, p=1, dklen=32).hex() == key


def damaged() -> list[str]:
    good = digest_in_a_run("one")
    method, cost, salt, key = good.split("$")
    return [
        "",
        "unknown",
        "$$$",
        "one",
        good[:-1],
        good[:-2],
        good + "00",
        f"{method}$1.1.1${salt}${key}",
        f"argon2${cost}${salt}${key}",
        f"{method}${cost}$${key}",
        f"{method}${cost}${salt}$",
        f"{method}${cost}$zz${key}",
        f"{method}${cost}${salt}$é",
        f"{method}${salt}${key}",
    ]


@pytest.mark.parametrize("place", range(14))
def test_a_damaged_digest_matches_nothing(place: int) -> None:
    assert not SecretResolver({"A": "one"}, Path()).matches(A, damaged()[place])


@pytest.fixture
def derivations(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The salts of all derivations."""
    salts: list[bytes] = []
    real = hashlib.scrypt

    def counting(password: bytes, *, salt: bytes, **cost: Any) -> bytes:
        salts.append(salt)
        return real(password, salt=salt, **cost)

    monkeypatch.setattr(hashlib, "scrypt", counting)
    return salts


def test_an_unchanged_secret_is_derived_once_a_run(derivations: list[bytes]) -> None:
    old = digest_in_a_run("one")
    derivations.clear()
    resolver = SecretResolver({"A": "one"}, Path())
    assert all(resolver.matches(A, old) for _ in range(3))
    assert [resolver.digest(A) for _ in range(3)] == [old] * 3
    assert len(derivations) == 1


def test_a_new_secret_is_derived_once_a_run(derivations: list[bytes]) -> None:
    resolver = SecretResolver({"A": "one"}, Path())
    digest = resolver.digest(A)
    assert resolver.digest(A) == digest
    assert resolver.matches(A, digest)
    assert len(derivations) == 1


def test_a_run_sees_one_value(tmp_path: Path) -> None:
    """What was sent is what is digested, also where the file is replaced in between."""
    file, reference = tmp_path / "secret", SecretRef("${file:secret}")
    file.write_text("old", encoding="utf-8")
    resolver = SecretResolver({}, tmp_path)
    sent = resolver.resolve(reference)
    file.write_text("new", encoding="utf-8")
    digest = resolver.digest(reference)
    assert sent == "old"
    later = SecretResolver({}, tmp_path)
    assert not later.matches(reference, digest)


def test_redaction_takes_what_was_resolved(resolver: SecretResolver) -> None:
    long = SecretResolver({"S": 's3c"ret/ü', "T": "abc", "L": 's3c"ret/ü-longer'}, Path())
    text = 'a s3c"ret/ü b s3c\\"ret/ü c s3c%22ret/%C3%BC d s3c%22ret%2F%C3%BC e s3c\\"ret/\\u00fc f abc g default'
    assert long.redacted(text) == text
    for name in ("${env:S}", "${env:T}", "${env:NOPE:-default}", "${env:L}"):
        long.resolve(SecretRef(name))
    shown = "a [secret] b [secret] c [secret] d [secret] e [secret] f abc g default"
    assert long.redacted(text) == shown
    assert long.redacted('s3c"ret/ü-longer') == "[secret]"
