"""Who is meant by a permission entry, and what a list of entries comes to: the arithmetic of the kind `permissions`.

Entries are texts → level: `team:<name in Grafana>`, `user:<login>`, `role:<Viewer|Editor>`. It is the same for folders
and dashboards. Must not: send anything.
"""

import re
from collections.abc import Iterable, Mapping

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.resource import LiveObject
from reconciler.kinds._shared import texts

NONE = "none"
"""The level of somebody who was declared once and is no longer: the entry is to go."""
_LEVELS = {1: "View", 2: "Edit", 4: "Admin"}
_GIVEN = {"role:Viewer": "View", "role:Editor": "Edit"}
"""What Grafana gives a new folder at the root by itself (grafana-api.md section 14), beside its creator."""
_USER = "user:"


def own_entries(items: Iterable[Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    """The object's own entries as the old endpoint lists them: the attributes `entries` and `emails` (login → e-mail),
    and by which number the server knows each team and user.
    """
    entries: dict[str, Json] = {}
    emails: dict[str, Json] = {}
    numbers: dict[str, Json] = {}
    for item in map(as_object, items):
        number = item.get("permission")
        level = _LEVELS.get(number) if isinstance(number, int) else None
        who = _principal(item)
        if level is None or not who or item.get("inherited") is True:
            continue
        entries[who] = level
        login, email = text_of(item.get("userLogin")), text_of(item.get("userEmail"))
        if who.startswith(_USER):
            numbers[who] = {"userId": item.get("userId")}
            if email and email != login:
                emails[login] = email
        elif who.startswith("team:"):
            numbers[who] = {"teamId": item.get("teamId"), "teamUid": item.get("teamUid")}
    attributes: dict[str, Json] = {"entries": dict(sorted(entries.items()))}
    return (attributes | {"emails": dict(sorted(emails.items()))} if emails else attributes), numbers


def declared(value: Json) -> dict[str, str]:
    """Who → level, from either form: the mapping that is stored, or the list that `listed` makes of it."""
    if isinstance(value, Mapping):
        return texts(value)
    return {text_of(item.get("who")): text_of(item.get("permission")) for item in map(as_object, as_list(value))}


def listed(entries: Mapping[str, str]) -> list[Json]:
    """The form in which entries are compared: a list, so that one too many counts as a difference."""
    return [{"who": who, "permission": entries[who]} for who in sorted(entries)]


def inherited(items: Iterable[Json]) -> list[Json]:
    """`Editor: Edit` for every entry that comes from a folder above, as the new endpoint lists them."""
    found = []
    for item in map(as_object, items):
        who = next((text_of(item[key]) for key in ("team", "userLogin", "builtInRole") if item.get(key)), "")
        if item.get("isInherited") is True and who:
            found.append(f"{who}: {text_of(item.get('permission'))}")
    return [*sorted(set(found))]


def _principal(item: JsonObject) -> str:
    for key, sort in (("team", "team"), ("userLogin", "user"), ("role", "role")):
        if text_of(item.get(key)):
            return f"{sort}:{item[key]}"
    return ""


def matched(names: Iterable[str], live: JsonObject) -> dict[str, str]:
    """Which live entry each declared one means: people by login, else by e-mail, case aside. Without one: left out."""
    present = declared(live.get("entries"))
    people = {who.casefold(): who for who in present if who.startswith(_USER)}
    for login, email in sorted(texts(live.get("emails")).items()):
        people.setdefault(f"{_USER}{email}".casefold(), f"{_USER}{login}")
    found = {who: people.get(who.casefold()) if who.startswith(_USER) else who for who in names}
    return {who: entry for who, entry in found.items() if entry in present}


def projected(live: JsonObject, wanted: Mapping[str, str], *, exact: bool) -> dict[str, str]:
    """Live entries under the author's names; those of others only in exact mode."""
    present = declared(live.get("entries"))
    found = matched(wanted, live)
    result = {
        who: present[found[who]] if who in found else NONE for who in wanted if who in found or wanted[who] == NONE
    }
    if exact:
        result |= {who: level for who, level in present.items() if who not in found.values()}
    return dict(sorted(result.items()))


def changes(live: JsonObject, wanted: Mapping[str, str], *, exact: bool) -> dict[str, str]:
    """What must be set (level) or taken away (NONE) to come to what is declared, under the live entries' names."""
    present = declared(live.get("entries"))
    found = matched(wanted, live)
    target = {found.get(who, who): level for who, level in wanted.items()}
    if exact:
        target = {**dict.fromkeys(present, NONE), **target}
    return {who: level for who, level in sorted(target.items()) if present.get(who, NONE) != level}


def is_free(live: JsonObject, wanted: Mapping[str, str], creator: str, *, exact: bool) -> bool:
    """Whether laying `wanted` over live takes nothing from anybody: only entries that Grafana gave by itself change,
    and what is there already is nobody's doing. Then there is nothing to adopt.

    `creator` is how the folder names who made it: a person's login, a service account's name.
    """
    present = declared(live.get("entries"))
    found = matched(wanted, live)
    given = {who for who, level in present.items() if _GIVEN.get(who) == level or _is_creators(who, level, creator)}
    as_wanted = [who for who, entry in found.items() if present[entry] == wanted[who]]
    if len(as_wanted) == len(wanted) and not given.issuperset(found.values()):
        return False
    touched = {found[who] for who in found if who not in as_wanted}
    if exact:
        touched |= {who for who in present if who not in found.values()}
    return touched <= given


def _is_creators(who: str, level: str, creator: str) -> bool:
    """Whether it is the entry that Grafana made for whoever created the folder. A service account `x` is the user
    `sa-<number>-x`.
    """
    login = who.removeprefix(_USER)
    account = re.fullmatch(r"sa-\d+-(.+)", login)
    named = login == creator or (account is not None and account[1] == creator)
    return bool(creator) and who.startswith(_USER) and level == "Admin" and named


def people_in(wanted: Mapping[str, str]) -> list[str]:
    """The logins and e-mails that are declared."""
    return [who.removeprefix(_USER) for who, level in sorted(wanted.items()) if who.startswith(_USER) and level != NONE]


def said(who: str) -> str:
    """An entry's holder, for people."""
    return who.replace(":", " ", 1)


def absent(wanted: dict[str, str], live: LiveObject) -> set[str]:
    """The people who are declared and have no entry."""
    people = {who for who, level in wanted.items() if who.startswith("user:") and level != NONE}
    return people - set(matched(people, live.attributes))


def strangers(wanted: dict[str, str], live: LiveObject) -> set[str]:
    """Those of them who have no account."""
    known = {text_of(text) for text in as_list(live.meta.get("knownUsers"))}
    return {who for who in absent(wanted, live) if who.removeprefix("user:").casefold() not in known}
