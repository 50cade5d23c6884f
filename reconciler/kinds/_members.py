"""Who is meant by a login or an e-mail, and what a list of members comes to: the arithmetic of the kind `team`, and
the question who there is.

Must not: write anything, or count a member that an identity provider brings as ours.
"""

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.exchange import ApiRequest, Exchange
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of

LEVELS: Mapping[str, int] = {"absent": -1, "member": 0, "admin": 4}
"""Grafana's numbers (grafana-api.md section 10). `absent` is ours: was declared once, and is to leave."""
ABSENT = "absent"


def org_users() -> Exchange[list[Json] | None]:
    """The organisation's users as the server tells them; None where they may not be read. Who only reads asks by this:
    one answer serves the whole plan.
    """
    answer = yield ApiRequest("GET", "/api/org/users", handles=frozenset({403}), shared=True)
    return None if answer.status == 403 else list(as_list(answer.body))


def known_accounts() -> Exchange[list[Json] | None]:
    """Their logins and e-mails, folded."""
    users = yield from org_users()
    return None if users is None else accounts(users)


def is_external(member: JsonObject) -> bool:
    """Whether a sync brought this member: labels or auth_module tell (grafana-api.md section 10)."""
    return bool(member.get("labels") or member.get("auth_module"))


def live_member(member: JsonObject) -> dict[str, Json]:
    """A member as the API gives it, in the kind's shape."""
    return {
        "login": text_of(member.get("login")),
        "email": text_of(member.get("email")),
        "permission": "admin" if member.get("permission") == LEVELS["admin"] else "member",
        "external": is_external(member),
    }


def declared(value: Json) -> dict[str, str]:
    """Name as written → permission, from either form: a mapping, or the list that `listed` makes of one."""
    if isinstance(value, Mapping):
        return {name: text_of(permission) for name, permission in value.items()}
    items = [as_object(item) for item in as_list(value)]
    return {text_of(item.get("login")): text_of(item.get("permission")) for item in items}


def listed(members: Mapping[str, str]) -> list[Json]:
    """The form in which members are compared: a list, so that one too many counts as a difference."""
    return [{"login": name, "permission": members[name]} for name in sorted(members)]


def matched(names: Iterable[str], people: Sequence[JsonObject]) -> dict[str, JsonObject]:
    """Which of the people each name means: by login, else by e-mail, case aside. Names of nobody are left out."""
    by_email = {text_of(person.get("email")).casefold(): person for person in reversed(people) if person.get("email")}
    by_login = {text_of(person.get("login")).casefold(): person for person in reversed(people) if person.get("login")}
    known = {**by_email, **by_login}
    return {name: known[name.casefold()] for name in names if name.casefold() in known}


def strongest(wanted: Mapping[str, str], found: Mapping[str, JsonObject]) -> dict[str, str]:
    """What each person (by login) is to be. Somebody named twice, by login and by e-mail, gets the higher of both."""
    result: dict[str, str] = {}
    for name, person in found.items():
        login = text_of(person.get("login"))
        result[login] = max(wanted[name], result.get(login, ABSENT), key=lambda permission: LEVELS[permission])
    return result


def projected(live: Sequence[JsonObject], wanted: Mapping[str, str], *, exact: bool) -> dict[str, str]:
    """Live members under the author's names.

    Unknown ones appear (under their login) only if membership is exact; who is synced from outside never differs.
    """
    found = matched(wanted, live)
    meant = strongest(wanted, found)
    result = {name: ABSENT for name, permission in wanted.items() if permission == ABSENT}
    for name, person in found.items():
        actual = text_of(person.get("permission"))
        as_meant = bool(person.get("external")) or actual == meant[text_of(person.get("login"))]
        result[name] = wanted[name] if as_meant else actual
    if exact:
        for person in live:
            login = text_of(person.get("login"))
            if login not in meant and not person.get("external"):
                result[login] = text_of(person.get("permission"))
    return result


def accounts(users: Sequence[Json]) -> list[Json]:
    """Logins and e-mails of the organisation's users, case-folded."""
    people = [as_object(user) for user in users]
    return [*sorted({text_of(who.get(key)).casefold() for who in people for key in ("login", "email") if who.get(key)})]


def without_account(wanted: Mapping[str, str], known: Iterable[Json]) -> list[str]:
    """The declared names that are nobody's in the organisation; `known` are logins and e-mails, case-folded."""
    accounts = {text_of(text) for text in known}
    return [name for name, level in sorted(wanted.items()) if level != ABSENT and name.casefold() not in accounts]
