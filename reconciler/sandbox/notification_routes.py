"""Which request about alert notification goes to which handler."""

from reconciler.sandbox import notifications, policies
from reconciler.sandbox.call import Handler
from reconciler.sandbox.intervals import INTERVALS
from reconciler.sandbox.templates import TEMPLATES

_UID = r"(?P<uid>[^/]+)"
_GROUP = r"/apis/notifications\.alerting\.grafana\.app/v0alpha1/namespaces/(?P<namespace>[^/]+)"

TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", rf"{_GROUP}/receivers", notifications.list_),
    ("POST", rf"{_GROUP}/receivers", notifications.create),
    ("GET", rf"{_GROUP}/receivers/{_UID}", notifications.read),
    ("PUT", rf"{_GROUP}/receivers/{_UID}", notifications.update),
    ("DELETE", rf"{_GROUP}/receivers/{_UID}", notifications.delete),
    ("GET", rf"{_GROUP}/timeintervals", INTERVALS.list_),
    ("POST", rf"{_GROUP}/timeintervals", INTERVALS.create),
    ("GET", rf"{_GROUP}/timeintervals/{_UID}", INTERVALS.read),
    ("PUT", rf"{_GROUP}/timeintervals/{_UID}", INTERVALS.update),
    ("DELETE", rf"{_GROUP}/timeintervals/{_UID}", INTERVALS.delete),
    ("GET", rf"{_GROUP}/templategroups", TEMPLATES.list_),
    ("POST", rf"{_GROUP}/templategroups", TEMPLATES.create),
    ("GET", rf"{_GROUP}/templategroups/{_UID}", TEMPLATES.read),
    ("PUT", rf"{_GROUP}/templategroups/{_UID}", TEMPLATES.update),
    ("DELETE", rf"{_GROUP}/templategroups/{_UID}", TEMPLATES.delete),
    ("GET", rf"{_GROUP}/routingtrees/user-defined", policies.read),
    ("PUT", rf"{_GROUP}/routingtrees/user-defined", policies.update),
    ("DELETE", rf"{_GROUP}/routingtrees/user-defined", policies.reset),
)
