"""What a plan in which nothing has changed asks of the server: so many requests, of these kinds, however much there
is.

The number is what a plan costs on a real Grafana (docs/speed.md); it does not depend on how busy a machine is.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import estate
from benchmarks.bare import Client, pages
from tests.limits.sites import Site

_APIS = "GET /apis/{group}/namespaces/default/{plural}"
DASHBOARDS = _APIS.format(group="dashboard.grafana.app/v0alpha1", plural="dashboards")
ALWAYS = (
    # who, where and what this is
    "GET /api/frontend/settings",
    "GET /api/health",
    "GET /api/org",
    "GET /api/user",
    "GET /apis",
    # dashboards: the beacon, and which there are
    DASHBOARDS,
    "GET /api/search",
    # the other kinds' lists
    _APIS.format(group="folder.grafana.app/v1beta1", plural="folders"),
    "GET /api/annotations",
    "GET /api/datasources",
    "GET /api/org/users",
    "GET /api/teams/search",
)
"""Today's bound. What a list does not tell of data sources and teams is asked one by one, beside these."""
SIZES = (
    estate.Size(dashboards=4, folders=3, teams=1, annotations=1, form="exported"),
    estate.Size(dashboards=12, folders=12, teams=3, annotations=9, form="exported"),
)


@pytest.fixture(params=SIZES, ids=["few", "many"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    found = Site.applied(tmp_path / "site", request.param)
    yield found
    found.stop()


def test_nothing_changed_is_proved_by_as_many_requests_however_much_there_is(site: Site) -> None:
    asked = site.sent("plan")
    sources = [f"GET /api/datasources/uid/{estate.PREFIX}{name}" for name, _, _ in estate.SOURCES]
    teams = [found for found in asked if found.endswith("/members")]
    assert len(teams) == len(site.handle.world.orgs[1].teams)
    assert asked == sorted([*ALWAYS, *sources, *teams])

    # Every body: by the pages of one list, which tells itself what there is; and beside that nothing more.
    client = Client(site.handle.url, "admin", "admin")
    lists = pages(client)
    client.close()
    assert site.sent("plan", "--full") == sorted([*(a for a in asked if a != "GET /api/search"), *[DASHBOARDS] * lists])
