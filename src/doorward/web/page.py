"""Renders a page: Jinja2 with everything escaped, unknown names an error, no script, our style and nothing else's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from doorward.core.instant import to_text
from doorward.ports import World
from doorward.web.arrival.arrival import arrival_of
from doorward.web.forms import sentence
from doorward.web.headers import page_policy
from doorward.web.links import local

_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
ASSETS = "/assets/"


def page(
    world: World,
    request: Request,
    template: str,
    *,
    status: int = 200,
    form_action: Sequence[str] = (),
    **context: object,
) -> Response:
    """Render a template of `web/templates`, or the installation's own of that name (`DOORWARD_TEMPLATES`).

    Every template also has `site` (the installation's name), `request_id`, `href(path)` and `asset(name)`.
    `form_action`: origins or `scheme:`s besides our own where the page's forms may end up.
    """
    settings = world.settings
    text = (
        _environment(settings.templates)
        .get_template(template)
        .render(
            site=settings.name,
            request_id=arrival_of(request).id,
            href=lambda path: local(settings, path),
            asset=lambda name: local(settings, ASSETS + hashed(name)),
            **context,
        )
    )
    return Response(
        text, status_code=status, headers={"content-type": "text/html; charset=utf-8", **page_policy(form_action)}
    )


@lru_cache
def hashed(name: str) -> str:
    """A file's name with its content's hash in it (`doorward.1f3a….css`), so that browsers may keep it for ever."""
    stem, _, kind = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(_content(name)).hexdigest()[:16]}.{kind}"


@lru_cache
def assets() -> dict[str, tuple[bytes, str]]:
    """Every static file by its hashed name: its content and type."""
    names = [entry.name for entry in files("doorward.web").joinpath("static").iterdir()]
    known = [name for name in names if name.rpartition(".")[2] in _TYPES]
    return {hashed(name): (_content(name), _TYPES[name.rpartition(".")[2]]) for name in known}


def _content(name: str) -> bytes:
    return files("doorward.web").joinpath("static", name).read_bytes()


@lru_cache
def _environment(own: str) -> Environment:
    loaders = [FileSystemLoader(own)] if own else []
    environment = Environment(
        loader=ChoiceLoader([*loaders, PackageLoader("doorward.web", "templates")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sentence"] = sentence
    environment.filters["day"] = lambda instant: to_text(instant)[:10]
    environment.filters["minute"] = lambda instant: to_text(instant)[:16].replace("T", " ") + " UTC"
    return environment
