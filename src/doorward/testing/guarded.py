"""Which ways into an app no guard stands before, told with the fix."""

from __future__ import annotations

import re
from collections.abc import Collection

from doorward.fastapi.routes import Way, ways


def assert_all_guarded(app: object, public: Collection[str] = ()) -> None:
    """Fail unless every way into the app is guarded, or named in `public`.

    `public` holds full paths as they are declared (`/healthz`, `/static` for all that is mounted there), optionally
    with one method (`GET /status`). An entry that is guarded by now, or leads nowhere, fails too: it would open the
    next route of that name. FastAPI's own documentation pages and a mounted doorward are left out. A guard that the
    app overrides (`dependency_overrides`) is none. Does NOT see what a middleware answers by itself.
    """
    __tracebackhide__ = True
    open_ways = [way for way in ways(app) if not way.guards and not way.own]
    closed = [way for way in open_ways if not _is_public(way, public)]
    unused = sorted(entry for entry in set(public) if not any(entry in _entries(way) for way in open_ways))
    told = [_told(way) for way in closed] + [_dead(entry, app) for entry in unused]
    if told:
        raise AssertionError("\n".join([f"{len(told)} of this app's doors are not as they should be:", *told]))


def _entries(way: Way) -> set[str]:
    """How `public` may name this way."""
    return {way.path, *(f"{method} {way.path}" for method in way.methods)}


def _is_public(way: Way, public: Collection[str]) -> bool:
    if way.path in public:
        return True
    asked = way.methods - {"HEAD"} if "GET" in way.methods else way.methods
    return all(f"{method} {way.path}" in public for method in asked)


def _told(way: Way) -> str:
    what = {"route": "/".join(sorted(way.methods)), "websocket": "WEBSOCKET", "app": "APP"}[way.kind]
    return f"  {what} {way.path} has no guard\n      {way.place}\n      {_fix(way)}"


def _fix(way: Way) -> str:
    listed = f'or name it: public={{"{way.path}"}}'
    if way.kind == "app":
        return f"nobody can look into it: guard it inside, {listed}"
    names = re.findall(r"\{(\w+)", way.path)
    type = names[-1].removesuffix("_id") if names else (re.findall(r"\w+", way.path) or ["thing"])[-1].removesuffix("s")
    id = f', id="{names[-1]}"' if names else ""
    return f'add `who: Annotated[Principal, door.require("{type}:…"{id})]`, {listed}'


def _dead(entry: str, app: object) -> str:
    there = any(entry in _entries(way) for way in ways(app))
    why = "is guarded" if there else "leads nowhere"
    return f"  public names `{entry}`, which {why}\n      take it out of `public`"
