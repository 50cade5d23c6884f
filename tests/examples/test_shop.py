"""The shop: its metrics are the contract's, no browser can make series, orders are believed only as far as they are
orders, and the past is the same each time and continues as the present.
"""

import asyncio
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

SHARED = Path(__file__).parents[3] / "shared"
END = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def monitoring() -> Any:
    from shop.monitoring import Monitoring

    return Monitoring()


class Client:
    """Asks the shop without a socket."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx.ASGITransport(app=app)

    def ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://shop") as http:
                return await http.request(method, path, **rest)

        return asyncio.run(asked())

    def get(self, path: str, **rest: Any) -> httpx.Response:
        return self.ask("GET", path, **rest)

    def post(self, path: str, **rest: Any) -> httpx.Response:
        return self.ask("POST", path, **rest)


@pytest.fixture
def client(monitoring: Any) -> Client:
    from shop.app import Shop, create_app
    from shop.documents import Documents

    shop = Shop(monitoring, Documents(written.append), pace=0)
    shop.office.open(monitoring, END)
    written.clear()
    return Client(create_app(shop))


written: list[dict[str, Any]] = []


def exported(monitoring: Any) -> dict[str, float]:
    """Every series with its value, as Prometheus reads them."""
    families = text_string_to_metric_families(monitoring.exposition().decode())
    return {f"{s.name}{dict(sorted(s.labels.items()))}": s.value for family in families for s in family.samples}


def test_it_exports_the_metrics_of_the_contract_and_no_others() -> None:
    from shop.measures import BY_NAME

    contract = SHARED / "giggatek.md"
    if not contract.exists():
        pytest.skip("the contract of GigGatek's metrics is not beside this checkout")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", contract.read_text("utf-8"), re.MULTILINE)
    named = {
        name: (sort, [label.strip() for label in labels.split(",") if label.strip()]) for name, sort, labels in rows
    }
    assert {name: (found.type, list(found.labels)) for name, found in BY_NAME.items()} == named


def test_a_browser_cannot_make_series(monitoring: Any) -> None:
    before = set(exported(monitoring))
    for number in range(200):
        event = {"action": "funnel_step", "step_name": "visit", "channel": f"made-up-{number}", "device": f"d{number}"}
        monitoring.heard([event, {"action": "feature_used", "feature": f"f{number}"}, {"action": f"a{number}"}])
    new = set(exported(monitoring)) - before
    assert new == {
        "funnel_steps_total{'channel': 'other', 'step': 'visitors'}",
        "feature_usage_total{'feature': 'other'}",
    }


def test_a_browser_counts_no_orders_and_no_more_than_a_batch(monitoring: Any) -> None:
    order = {"action": "funnel_step", "step_name": "order", "channel": "email"}
    assert monitoring.heard([order]) == 0
    assert monitoring.heard([{"action": "feature_used", "feature": "compare"}] * 1000) == 50


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["action", "step_name", "channel", "device", "feature", "product_name"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=6) | JSON)
@settings(max_examples=60, deadline=None)
def test_whatever_a_browser_sends_is_borne(batch: Any) -> None:
    from shop.monitoring import Monitoring

    monitoring = Monitoring()
    monitoring.heard(batch)
    known = {*Monitoring().exposition().decode().split("\n")}
    new = [line for line in monitoring.exposition().decode().split("\n") if line not in known and line]
    assert len(new) <= 12  # known series, or `other`


def test_an_order_is_charged_counted_and_leads_back_to_itself(client: Client, monitoring: Any) -> None:
    from shop.orders import draw

    random, done = Random(1), []
    for _ in range(30):
        done.append(client.post("/api/orders", json=draw(random, "email", "newsletter").as_json()))
    paid = [answer.json() for answer in done if answer.status_code == 201]
    assert len(paid) > 20
    found = exported(monitoring)
    assert sum(v for k, v in found.items() if k.startswith("payment_volume_total")) == pytest.approx(
        sum(p["paid"] for p in paid)
    )
    orders = sum(v for k, v in found.items() if k.startswith("orders_total"))
    timed = sum(v for k, v in found.items() if k.startswith("order_processing_duration_seconds_count"))
    assert orders == timed == 30
    assert f'# {{order="{paid[-1]["order"]}"}}' in client.get("/metrics").text
    assert [d["amount"] for d in written if d["type"] == "order"] == [p["paid"] for p in paid]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"product": "Moon"}, "product must be one of MacBook Air M2"),
        ({"quantity": 0}, "quantity must be a whole number from 1 to 20"),
        ({"quantity": True}, "quantity must be a whole number"),
        ({"region": ["us-east"]}, "region must be one of"),
        ({"payment_method": {"a": 1}}, "payment_method must be one of"),
    ],
)
def test_what_is_no_order_is_refused_and_counted_nowhere(
    client: Client, monitoring: Any, change: dict[str, Any], message: str
) -> None:
    from shop.orders import draw

    before = exported(monitoring)
    answer = client.post("/api/orders", json={**draw(Random(1), "email", "newsletter").as_json(), **change})
    assert answer.status_code == 400 and message in answer.json()["error"]
    assert exported(monitoring) == before


def test_a_campaign_that_somebody_made_up_counts_as_other() -> None:
    from shop.orders import draw, order_from

    assert order_from({**draw(Random(1), "email", "x").as_json(), "campaign_id": "<script>"}).campaign_id == "other"


def test_the_decorator_times_what_fails_too(monitoring: Any) -> None:
    @monitoring.track_order_processing("purchase")
    async def process_order(_: object) -> None:
        raise RuntimeError("the processor is away")

    with pytest.raises(RuntimeError):
        asyncio.run(process_order({}))
    assert exported(monitoring)["order_processing_duration_seconds_count{'order_type': 'purchase'}"] == 1


def test_a_page_is_served_with_its_scripts(client: Client) -> None:
    page = client.get("/").text
    for script in re.findall(r'src="([^"]+)"', page):
        assert client.get(script).status_code == 200
    assert client.post("/monitoring/events", content=b"\xff not json").status_code == 204
    assert client.get("/api/search", params={"q": "phones"}).json()["found"] == ["Galaxy S23", "Pixel 8"]


def _past(folder: Path, *, seed: int = 1) -> str:
    from shop.backfill import backfill
    from shop.history import Span

    backfill(folder, Span(END, days=1.0, fine_days=0.25, coarse=1800, fine=600), seed=seed)
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.iterdir()))).hexdigest()


def test_the_past_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    assert _past(tmp_path / "a") == _past(tmp_path / "b") != _past(tmp_path / "c", seed=2)


def test_the_present_continues_the_past(tmp_path: Path, monitoring: Any) -> None:
    _past(tmp_path)
    last: dict[str, float] = {}
    for line in (tmp_path / "metrics.om").read_text("utf-8").splitlines():
        if not line.startswith("#"):  # promtool takes each series by itself; prometheus_client wants buckets together
            name, value, _ = line.rsplit(" ", 2)
            labels = dict(re.findall(r'(\w+)="([^"]*)"', name))
            last[f"{name.partition('{')[0]}{dict(sorted(labels.items()))}"] = float(value)
    monitoring.resume(json.loads((tmp_path / "opening.json").read_text("utf-8")))
    now = exported(monitoring)
    assert set(last) <= set(now)
    assert {name: now[name] for name in last} == pytest.approx(last, rel=1e-3, abs=0.01)


def test_the_past_has_an_outage_a_campaign_and_a_new_quarter() -> None:
    from shop.seasons import Calendar, quarter_of

    calendar = Calendar(END)
    during = END - timedelta(days=8, hours=5)
    assert calendar.is_out(during) and not calendar.is_out(during + timedelta(hours=2))
    assert calendar.boost("autumn_sale", END - timedelta(days=20)) > 1 == calendar.boost("autumn_sale", END)
    assert quarter_of(END) == datetime(2026, 10, 1, tzinfo=UTC)


def test_a_new_day_begins_from_nothing(monitoring: Any) -> None:
    from shop.office import Office
    from shop.seasons import Calendar

    office = Office(Calendar(END), Random(1))
    night = datetime(2026, 10, 1, tzinfo=UTC)
    for book_time in (night - timedelta(minutes=10), night + timedelta(minutes=5)):
        office.step(monitoring, book_time, 60)
        if book_time < night:
            monitoring.add("revenue_daily_total", 5_000, "paypal", "audio")
            monitoring.add("revenue_total", 50, "audio", "canada")
    assert monitoring.get("revenue_daily_total", "paypal", "audio") == 0
    assert monitoring.get("revenue_total", "audio", "canada") == 0


def test_a_fault_of_documents_changes_what_it_says_and_nothing_else() -> None:
    from shop.documents import bulk_lines
    from shop.faults import DOCUMENT_FAULTS
    from shop.search_server import changed

    old = {"@timestamp": "2026-11-20T10:59:59Z", "type": "search", "search_term": "a", "results": 1}
    new = {"@timestamp": "2026-11-20T11:30:00Z", "type": "log", "level": "error"}
    lines = "".join(map(bulk_lines, (old, new))).splitlines(keepends=True)
    found = {name: "".join(changed(lines, fault, END)) for name, fault in DOCUMENT_FAULTS.items()}
    renamed = {"@timestamp": old["@timestamp"], "type": "search", "term": "a", "results": 1}
    assert found == {"field-renamed": bulk_lines(renamed) + bulk_lines(new), "silent": bulk_lines(old)}
