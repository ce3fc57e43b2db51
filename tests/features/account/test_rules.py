"""How browsers are called."""

from __future__ import annotations

import pytest

from doorward.features.account.rules import browser


@pytest.mark.parametrize(
    "agent, name",
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130 Safari/537.36 Edg/130", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Safari/1", "Safari"),
        ("curl/8.0", "curl/8.0"),
        ("x" * 300, "x" * 60),
        ("", "Unknown browser"),
    ],
)
def test_browser(agent: str, name: str) -> None:
    assert browser(agent) == name
