"""Which request about alert notification goes to which handler."""

from reconciler.sandbox import intervals, notifications, policies, templates
from reconciler.sandbox.call import Handler

_UID = r"(?P<uid>[^/]+)"
_GROUP = r"/apis/notifications\.alerting\.grafana\.app/v0alpha1/namespaces/(?P<namespace>[^/]+)"

TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", rf"{_GROUP}/receivers", notifications.list_),
    ("POST", rf"{_GROUP}/receivers", notifications.create),
    ("GET", rf"{_GROUP}/receivers/{_UID}", notifications.read),
    ("PUT", rf"{_GROUP}/receivers/{_UID}", notifications.update),
    ("DELETE", rf"{_GROUP}/receivers/{_UID}", notifications.delete),
    ("GET", rf"{_GROUP}/timeintervals", intervals.list_),
    ("POST", rf"{_GROUP}/timeintervals", intervals.create),
    ("GET", rf"{_GROUP}/timeintervals/{_UID}", intervals.read),
    ("PUT", rf"{_GROUP}/timeintervals/{_UID}", intervals.update),
    ("DELETE", rf"{_GROUP}/timeintervals/{_UID}", intervals.delete),
    ("GET", rf"{_GROUP}/templategroups", templates.list_),
    ("POST", rf"{_GROUP}/templategroups", templates.create),
    ("GET", rf"{_GROUP}/templategroups/{_UID}", templates.read),
    ("PUT", rf"{_GROUP}/templategroups/{_UID}", templates.update),
    ("DELETE", rf"{_GROUP}/templategroups/{_UID}", templates.delete),
    ("GET", rf"{_GROUP}/routingtrees/user-defined", policies.read),
    ("PUT", rf"{_GROUP}/routingtrees/user-defined", policies.update),
    ("DELETE", rf"{_GROUP}/routingtrees/user-defined", policies.reset),
)
