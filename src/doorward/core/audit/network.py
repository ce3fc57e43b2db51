"""What counts as one sender on the network, for whatever is counted by address."""

from __future__ import annotations

import ipaddress

NO_NETWORK = "unknown"


def network(address: str) -> str:
    """An IPv4 address, the /64 of an IPv6 one, or `unknown`, which all others share."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return NO_NETWORK
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(found), 64), strict=False))
        found = found.ipv4_mapped
    return str(found)
