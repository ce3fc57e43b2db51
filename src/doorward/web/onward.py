"""Where a form may lead beyond this host: told by the page that knows it to the page that shows the form, under a seal.

Browsers apply a page's `form-action` to every redirect behind its form. The sign-in page knows no client, so the
authorization endpoint tells it where the browser goes on to; nobody else can.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from doorward.core.secret import same
from doorward.ports import World

ONWARD = "onward"
"""The parameter, and the hidden field, that carries the sealed sources."""


def seal(world: World, next: str, sources: Sequence[str]) -> str:
    """The CSP sources that `next` leads on to, fit for the parameter. It holds beside this `next` and no other.

    Does NOT check the sources: they come from a client as registered. Has no end: it says where, not when.
    """
    said = " ".join(sources)
    return f"{_mac(world, next, said)}.{said}"


def opened(world: World, next: str, sealed: str) -> tuple[str, ...]:
    """What to hand to `page(form_action=…)`: the sealed sources, or none where the seal is not ours for this `next`."""
    mac, _, said = sealed.partition(".")
    return tuple(said.split(" ")) if same(mac, _mac(world, next, said)) else ()


def _mac(world: World, next: str, said: str) -> str:
    mac = world.keyring.mac("login.onward", f"{next}\0{said}".encode())
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
