"""The seal that lets a sign-in page's form lead to a client: it fits one `next`, and nobody else makes it."""

from __future__ import annotations

import pytest

from doorward.ports import World
from doorward.web.onward import opened, seal

pytestmark = pytest.mark.anyio
NEXT = "/oauth2/authorize?client_id=c"
HERE = "https://app.example.com"


@pytest.mark.parametrize("source", [HERE, "http://127.0.0.1:4000", "com.example.app:", "http:"])
async def test_what_was_sealed_is_told(world: World, source: str) -> None:
    assert opened(world, NEXT, seal(world, NEXT, (source,))) == (source,)
    assert opened(world, NEXT, seal(world, NEXT, (source, HERE))) == (source, HERE)


async def test_anything_else_is_nothing(world: World) -> None:
    sealed = seal(world, NEXT, (HERE,))
    mac, _, _ = sealed.partition(".")
    assert opened(world, NEXT + "&x=1", sealed) == ()
    assert opened(world, "", sealed) == ()
    for forged in ("", ".", HERE, f".{HERE}", f"{mac}.https://evil.example", f"{mac}.{HERE}.evil.example", mac, "é.é"):
        assert opened(world, NEXT, forged) == ()
    assert opened(world, NEXT, f"{mac}.{HERE} {HERE}") == ()
