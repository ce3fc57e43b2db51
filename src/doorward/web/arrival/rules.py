"""What is believed about a request: its Host, its address, its origin and its path. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal
from urllib.parse import urlsplit

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_DEFAULT_PORT = {"https": 443, "http": 80}
_WELL_KNOWN = "/.well-known/"
HOPS = 32
"""Proxies behind one another, at most."""
UNIX = "unix"
"""How `trusted_proxies` names a peer without an address: one at a socket file."""

Site = Literal["same", "foreign", "unknown"]
"""Who sent an unsafe request: a page of ours, somebody else's, or something that does not say (not a browser)."""


def base_path(public_url: str) -> str:
    """The path that the public URL has, without a trailing slash: empty, or `/auth`."""
    return urlsplit(public_url).path.rstrip("/")


def own_hosts(public_url: str, dev: bool) -> frozenset[str]:
    """The values of `Host` that mean us: the public URL's, with its default port or without; for `dev` also the
    names of the loopback interface on the same port."""
    parts = urlsplit(public_url)
    port = parts.port or _DEFAULT_PORT.get(parts.scheme, 0)
    host = parts.netloc.rpartition("@")[2].lower()
    name = host.removesuffix(f":{parts.port}") if parts.port else host
    names = {name, *LOOPBACK_NAMES} if dev else {name}
    spelled = {f"{name}:{port}" for name in names}
    return frozenset(spelled | names if port == _DEFAULT_PORT.get(parts.scheme) else spelled)


def own_origins(public_url: str, dev: bool) -> frozenset[str]:
    """The values of `Origin` that mean us, as a browser spells them (without a default port)."""
    scheme = urlsplit(public_url).scheme
    default = f":{_DEFAULT_PORT.get(scheme, 0)}"
    return frozenset(f"{scheme}://{host.removesuffix(default)}" for host in own_hosts(public_url, dev))


def host_fits(values: Sequence[str], hosts: frozenset[str]) -> bool:
    """Whether there is exactly one Host and it is ours: equality, so neither a suffix nor a trailing dot passes."""
    return len(values) == 1 and values[0].lower() in hosts


def site(origins: Sequence[str], fetch_sites: Sequence[str], own: frozenset[str]) -> Site:
    """Who sent it, by `Origin` and `Sec-Fetch-Site`: each that is there must say it was us. `null` is foreign."""
    if not origins and not fetch_sites:
        return "unknown"
    if any(value != "same-origin" for value in fetch_sites) or any(value not in own for value in origins):
        return "foreign"
    return "same"


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[str]) -> str:
    """The caller's address: the peer's, or, where the peer is a trusted proxy, the last in `X-Forwarded-For` that is
    not one. What does not parse is never believed: then it is the last address that was. No more than HOPS are read:
    whoever can write the header could make it long."""
    address = peer
    hops = [hop.strip() for hop in ",".join(forwarded).rsplit(",", HOPS)[-HOPS:]] if forwarded else []
    while hops and _within(address, trusted):
        hop = hops.pop()
        if not _is_address(hop):
            break
        address = hop
    return address


def route_path(path: str, root_path: str, base: str) -> str:
    """The path as routes spell it: without the prefix of the mount (`root_path`) or of the public URL (`base`).

    A proxy may have taken it off already. RFC 8414 §3.1 puts the issuer's path behind the well-known name:
    `/.well-known/x/auth` is `/.well-known/x`.
    """
    if root_path and _inside(path, root_path):
        return path[len(root_path) :] or "/"
    if base and _inside(path, base):
        return path[len(base) :] or "/"
    if base and path.startswith(_WELL_KNOWN) and path.endswith(base):
        return path[: -len(base)]
    return path or "/"


def _inside(path: str, base: str) -> bool:
    return path == base or path.startswith(base + "/")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _within(address: str, trusted: Sequence[str]) -> bool:
    if not trusted:
        return False
    if not _is_address(address):
        return address in ("", UNIX) and UNIX in trusted
    found = ip_address(address)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:  # a socket of both kinds spells v4 so
        found = found.ipv4_mapped
    return any(found in network for network in _networks(tuple(trusted)))


@lru_cache
def _networks(trusted: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(entry, strict=False) for entry in trusted if entry != UNIX)
