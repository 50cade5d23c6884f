"""The Starlette app around the dispatcher, with the sandbox's own endpoints for faults and edits by others."""

from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.sandbox.dispatch import Dispatcher, Dropped, body_of
from reconciler.sandbox.faults import KINDS
from reconciler.sandbox.world import World

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class _Cut(Response):
    """Promises more than it sends and breaks off: the client sees a lost answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        raise Dropped


def create_app(world: World) -> Starlette:
    """The app over a world."""
    dispatcher = Dispatcher(world)

    async def grafana(request: Request) -> Response:
        body = await request.body()
        query: dict[str, list[str]] = {}
        for key, value in request.query_params.multi_items():
            query.setdefault(key, []).append(value)
        headers = {key.lower(): value for key, value in request.headers.items()}
        path = request.url.path
        try:
            reply = await run_in_threadpool(dispatcher.answer, request.method, path, query, headers, body)
        except Dropped:
            return _Cut()
        return Response(body_of(reply), reply.status, dict(reply.headers), reply.content_type)

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            dispatcher.faults.clear()
        elif request.method == "POST":
            fields = await request.json()
            try:
                if fields.get("kind") == "edit":
                    raise ValueError("edits by others go to /__sandbox/edit")
                dispatcher.faults.add(**fields)
            except (TypeError, ValueError) as error:
                return JSONResponse({"message": str(error)}, 400)
        shown = [{name: getattr(item, name) for name in item.__struct_fields__} for item in dispatcher.faults.switches]
        return JSONResponse({"faults": shown, "kinds": KINDS, "notEmulated": dispatcher.unknown})

    own = [Route("/__sandbox/faults", faults, methods=["GET", "POST", "DELETE"])]
    app = Starlette(routes=[*own, Route("/{path:path}", grafana, methods=_METHODS)])
    app.state.world, app.state.faults, app.state.dispatcher = world, dispatcher.faults, dispatcher
    return app
