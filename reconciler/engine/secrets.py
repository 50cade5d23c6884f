"""Which secrets a plan sends, and of which it cannot tell whether they changed. Pure but for the questions to
core.ports.Secrets, each of which may make a source look a secret up: only those are asked that the answer depends on.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.kind import Kind
from reconciler.core.plan import Action
from reconciler.core.ports import Secrets
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.state import UNKNOWN_SECRET, ResourceState, State
from reconciler.engine.situation import Decision, SecretsToSend

_NAMED = 3
_LONGEST = 160


def secrets_to_send(
    kind: Kind,
    resource: Resource | None,
    entry: ResourceState | None,
    live: LiveObject | None,
    *,
    asked: Secrets,
    resend: bool,
) -> SecretsToSend:
    """Those that changed here or that Grafana no longer holds, and with `resend` all others. What is created takes
    all of its secrets without asking here.
    """
    if resource is None or live is None:
        return SecretsToSend()
    changed = {*_changed(resource, entry, asked), *(kind.unset_secrets(resource, live) if live.attributes else ())}
    again = {*resource.secrets} - changed if resend else set()
    return SecretsToSend(tuple(sorted(changed)), tuple(sorted(again)))


def _changed(resource: Resource, entry: ResourceState | None, secrets: Secrets) -> Iterator[str]:
    """The secrets whose value is not the one last sent. One that cannot be resolved here counts as unchanged."""
    for name, reference in sorted(resource.secrets.items()) if entry is not None else ():
        assert entry is not None
        known = entry.secrets.get(name)
        if known is None or (
            known != UNKNOWN_SECRET and secrets.missing(reference) is None and not secrets.matches(reference, known)
        ):
            yield name


class _Untold(Struct, frozen=True):
    name: str
    why: str


def untold(
    resources: Mapping[Address, Resource], state: State, secrets: Secrets, decisions: Mapping[Address, Decision]
) -> tuple[Diagnostic, ...]:
    """At most two warnings, each for all secrets it concerns: those that cannot be looked up here, and those that
    only Grafana knows. Of neither a change would be seen.
    """
    absent: list[_Untold] = []
    unknown: list[_Untold] = []
    for address, decision in sorted(decisions.items()):
        resource, entry, change = resources.get(address), state.resources.get(address), decision.change
        if resource is None or (change is not None and change.action in {Action.CREATE, Action.REPLACE}):
            continue
        sent = change.secrets if change is not None else ()
        for name, reference in sorted(resource.secrets.items()):
            known = entry.secrets.get(name) if entry is not None else UNKNOWN_SECRET
            if name in sent or known is None:
                continue
            if known == UNKNOWN_SECRET:
                unknown.append(_Untold(f"{address} {name}", ""))
            elif (why := secrets.missing(reference)) is not None:
                absent.append(_Untold(f"{address} {name}", why))
    return (*_warning("secret-untold", absent), *_warning("secret-unknown", unknown))


_TEXTS = {
    "secret-untold": (
        "cannot be looked up here, and whether that changed cannot be told",
        "plan where it can be had; an apply that must send one is refused before its first request",
    ),
    "secret-unknown": (
        "never sent by ggrec, and whether that is what Grafana holds cannot be told",
        "`--resend-secrets` on plan or apply sends it once (with --target: only that object's)",
    ),
}


def _warning(code: str, found: list[_Untold]) -> Iterable[Diagnostic]:
    if not found:
        return
    what, hint = _TEXTS[code]
    named = ", ".join(f"{item.name} ({_short(item.why)})" if item.why else item.name for item in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    number = "1 secret" if len(found) == 1 else f"{len(found)} secrets"
    yield Diagnostic(code, f"{number} {what}: {named}{more}", hint, severity=Severity.WARNING)


def _short(why: str) -> str:
    text = " ".join(why.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
