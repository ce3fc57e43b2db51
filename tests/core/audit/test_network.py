"""What counts as one sender."""

from __future__ import annotations

import pytest

from doorward.core.audit.network import network


@pytest.mark.parametrize(
    "address, net",
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("testclient", "unknown"),
        ("192.0.2.1, 10.0.0.1", "unknown"),
    ],
)
def test_who_counts_as_one_sender(address: str, net: str) -> None:
    assert network(address) == net
