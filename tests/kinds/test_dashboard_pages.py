"""Pages of dashboards whose bodies came unparsed: only those that matter are looked into."""

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.core.exchange import ApiResponse, Page, Wanted
from reconciler.core.json import Json
from reconciler.core.unparsed import parsed_but
from reconciler.kinds.dashboard import GROUP, Dashboard
from tests.kinds.kind_driver import SERVER, ok, talk

HERE = replace(SERVER, apis=frozenset({GROUP}))
PAGE = b"""{"metadata": {}, "items": [%s]}"""
ITEM = b"""{"metadata": {"name": "%s", "generation": 3, "labels": {"grafana.app/deprecatedInternalID": "7"},
  "annotations": {"grafana.app/folder": "ops", "grafana.app/updatedTimestamp": "now"}},
  "spec": {"id": 7, "uid": "x", "version": 3, "title": "Title of %s", "panels": []}, "status": {}}"""
MODEL = {"title": "Title of a", "panels": []}


def listed(wanted: Wanted) -> Any:
    body = parsed_but(PAGE % b", ".join(ITEM % (name, name) for name in (b"a", b"b")), "spec")
    return {live.uid: live for live in talk(Dashboard().listing(HERE, wanted), [ok(body)]).found}


def test_what_has_another_revision_is_whole() -> None:
    live = listed(Wanted(frozenset("a"), known={"a": "2/now/7"}))["a"]
    assert live.complete and live.attributes == {"folderUid": "ops", "dashboard": MODEL}
    assert (live.revision, live.version, live.title) == ("3/now/7", 3, "Title of a")


@pytest.mark.parametrize("wanted", [Wanted(everything=True), Wanted(keys=frozenset({"title:ops/Title of a"}))])
def test_so_is_what_is_wanted_at_any_revision(wanted: Wanted) -> None:
    assert listed(wanted)["a"].attributes == {"folderUid": "ops", "dashboard": MODEL}


def test_what_has_the_known_revision_comes_without_its_body() -> None:
    live = listed(Wanted(frozenset("a"), known={"a": "3/now/7"}))["a"]
    assert live.complete and "dashboard" not in live.attributes
    assert (live.keys, live.title) == (("uid:a", "title:ops/Title of a"), "Title of a")


def test_a_stranger_has_no_body_and_is_not_complete() -> None:
    live = listed(Wanted(frozenset("a")))["b"]
    assert not live.complete and "dashboard" not in live.attributes
    assert (live.keys, live.revision) == (("uid:b", "title:ops/Title of b"), "3/now/7")


def _item(name: str) -> Json:
    return {"metadata": {"name": name}, "spec": {"title": name}}


def test_a_page_announces_exactly_the_request_that_follows() -> None:
    listing = Dashboard().listing(HERE, Wanted())
    assert next(listing).unparsed == "spec"  # type: ignore[union-attr]  # the first step is a request
    early = listing.send(ApiResponse(200, {"metadata": {"continue": "on/2"}, "items": [_item("a")]}))
    assert isinstance(early, Page) and len(early) == 0, "announced before the page itself is understood"
    assert early.following is not None and early.following.query == (("limit", "500"), ("continue", "on/2"))
    page = next(listing)
    assert isinstance(page, Page) and [live.uid for live in page] == ["a"]
    assert page.following == early.following == next(listing)
    last = listing.send(ApiResponse(200, {"metadata": {}, "items": []}))
    assert isinstance(last, Page) and last.following is None
