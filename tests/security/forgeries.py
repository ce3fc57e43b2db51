"""Forgeries of a real token, by family. Pure: the same seed gives the same forgeries.

Where it makes the attack stronger, a forgery is signed by the issuer's own key: what must be refused for its header or
its claims is refused although its signature holds. Not among them is an ES256 signature with s replaced by n - s: by
the definition of ECDSA it is a signature of the same message, so it makes no other token of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from doorward.core.jose.encoding import decode, encode
from doorward.core.jose.signing import PrivateKey

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
FOREIGN = " \t\n\r\0=+/.,:;%&#\"'\\éÿ漢\u2028\ufeff"


@dataclass(frozen=True)
class Real:
    """A token that is accepted, all that it was made of, and what an attacker has: `attacker`, `sibling` (a real token
    of the other kind), `other` (another real token of this kind)."""

    token: str
    typ: str
    claims: dict[str, Any]
    key: PrivateKey
    second: PrivateKey
    attacker: PrivateKey
    attacker_rsa: PrivateKey
    sibling: str
    other: str

    @property
    def header(self) -> dict[str, Any]:
        return {"alg": self.key.algorithm, "kid": self.key.kid, "typ": self.typ}

    def sign(self, header: dict[str, Any] | str | bytes, claims: object = None, key: PrivateKey | None = None) -> str:
        """A token with exactly this header and these claims, signed by `key`: the issuer's own, unless said."""
        message = f"{part(header)}.{part(self.claims if claims is None else claims)}"
        return f"{message}.{encode((key or self.key).sign(message.encode()))}"


def part(content: object) -> str:
    if isinstance(content, bytes):
        return encode(content)
    return encode((content if isinstance(content, str) else json.dumps(content)).encode())


def secrets(key: PrivateKey) -> list[bytes]:
    """What a confused verifier might take for the secret of a MAC: the public key, in every spelling."""
    public = key.material.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = key.jwk
    spellings = [json.dumps(jwk), json.dumps(jwk, separators=(",", ":")), json.dumps({"keys": [jwk]}), jwk["kid"]]
    numbers = [jwk[name] for name in ("x", "y", "n", "e") if name in jwk]
    return [
        pem, pem.strip(), pem.replace(b"\n", b"\r\n"), pem.replace(b"\n", b""), b"", b"\0", b"null", b"secret",
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        *(text.encode() for text in (*spellings, *numbers)), *(decode(number) for number in numbers),
    ]  # fmt: skip


def mac(header: dict[str, Any], claims: dict[str, Any], secret: bytes, digest: str) -> str:
    message = f"{part(header)}.{part(claims)}"
    return f"{message}.{encode(hmac.digest(secret, message.encode(), digest))}"


def macs(real: Real) -> Iterator[str]:
    """A MAC keyed with what everybody knows. RFC 8725 §2.1."""
    for key, (alg, digest) in itertools.product(
        (real.key, real.second), (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512"), ("ES256", "sha256"))
    ):
        for secret in secrets(key):
            yield mac({**real.header, "alg": alg, "kid": key.kid}, real.claims, secret, digest)


def unsigned(real: Real) -> Iterator[str]:
    """`none` in every spelling of case, with no signature, the real one, or noise."""
    _, payload, signature = real.token.split(".")
    spellings = {"".join(pair) for pair in itertools.product(*(letter + letter.upper() for letter in "none"))}
    algorithms: list[object] = [
        *sorted(spellings),
        "",
        "null",
        " none",
        "none ",
        "n\u043ene",
        "NoNe\0",
        None,
        False,
        0,
        [],
        {},
    ]
    for alg in algorithms:
        head = part({**real.header, "alg": alg})
        yield from (f"{head}.{payload}.{end}" for end in ("", signature, "AAAA", encode(bytes(64))))
        yield f"{head}.{payload}"
        yield real.sign({**real.header, "alg": alg})
    without = {name: value for name, value in real.header.items() if name != "alg"}
    yield real.sign(without)


def lying(real: Real) -> Iterator[str]:
    """The real key's signature under another algorithm's name, and the other key's under its own."""
    names = [
        "ES256", "RS256", "PS256", "EdDSA", "ES384", "ES512", "ES256K", "RS384", "RS512", "PS384", "PS512", "HS256",
        "Ed25519", "RS1", "RSA1_5", "A128KW", "dir", "es256", "Es256", "ES256 ", "ES256\0", "ECDSA", "SHA256",
    ]  # fmt: skip
    for alg in names:
        for key in (real.key, real.second, real.attacker, real.attacker_rsa):
            for kid in (real.key.kid, real.second.kid, real.attacker.kid):
                if (alg, key, kid) != (real.key.algorithm, real.key, real.key.kid) and not (
                    key is real.second and kid == key.kid and alg == key.algorithm
                ):
                    yield real.sign({**real.header, "alg": alg, "kid": kid}, key=key)


def critical(real: Real) -> Iterator[str]:
    """Extensions that must be understood, and are not. RFC 7515 §4.1.11."""
    values: list[object] = [["exp"], ["b64"], ["alg"], [], "exp", None, True, 0, {}, ["x"] * 50, ["typ", "typ"]]
    for name, value in itertools.product(("crit", "b64", "zip", "enc"), [*values, False, "DEF", "A128GCM"]):
        yield real.sign({**real.header, name: value})
        yield real.sign({name: value, **real.header, "exp": 1}, key=real.attacker)


def embedded(real: Real) -> Iterator[str]:
    """A key, or the address of one, in the token itself. RFC 8725 §3.10."""
    own, theirs = real.key.jwk, real.attacker.jwk
    der = real.attacker.material.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    values: list[object] = [
        theirs, own, {**theirs, "kid": real.key.kid}, {"kty": "oct", "k": "AAAA"}, {}, None, "", [],
        "https://evil.example/jwks", "http://127.0.0.1/jwks", "file:///dev/null", "data:,{}",
        [base64.b64encode(der).decode()], [""], {"keys": [theirs]},
    ]  # fmt: skip
    for name, value, key in itertools.product(
        ("jwk", "jku", "x5u", "x5c"), values, (real.attacker, real.key, real.attacker_rsa)
    ):
        yield real.sign({**real.header, "alg": key.algorithm, name: value}, key=key)
        yield real.sign({**real.header, "alg": key.algorithm, "kid": real.attacker.kid, name: value}, key=key)


def identified(real: Real) -> Iterator[str]:
    """A `kid` that is looked up, joined, or opened carelessly."""
    kid = real.key.kid
    values: list[object] = [
        "", " ", kid + " ", " " + kid, kid + "\0", kid[:-1], kid + "A", kid.lower(), kid.upper(), kid[::-1], kid * 2,
        "' OR '1'='1", f"' UNION SELECT '{kid}' --", "%", "_" * len(kid), "*", ".", "..", "../" * 8 + "dev/null",
        "/dev/null", "/proc/self/environ", "file:///dev/null", "C:\\NUL", "http://evil.example/" + kid, "|whoami",
        "$(id)",
        "{{7*7}}", "%00", "%2e%2e%2f", "0", "-1", "k" * 129, "k" * 5000, "é" * 40, "\u202e" + kid, "null", "undefined",
        None, True, 0, 1.5, [kid], {"kid": kid}, [], {},
    ]  # fmt: skip
    for value, key in itertools.product(values, (real.key, real.attacker)):
        yield real.sign({**real.header, "kid": value}, key=key)
        for secret in (b"", b"\0", b"\n"):
            yield mac({**real.header, "alg": "HS256", "kid": value}, real.claims, secret, "sha256")
    yield real.sign({name: value for name, value in real.header.items() if name != "kid"})


def kinds(real: Real) -> Iterator[str]:
    """A real token of another kind, and this one's claims under another kind's name. RFC 8725 §3.11."""
    yield real.sibling
    names: list[object] = [
        "", " ", "JWT", "jwt", "at+jwt", "AT+JWT", "at+jwt ", "at+jwt\0", "x/at+jwt", "at+jwt;x=1", "at", "+jwt",
        "application/at+jwt ", "application/AT+JWT", "application/jwt", "dpop+jwt", "logout+jwt", "secevent+jwt",
        "oauth-authz-req+jwt", "token-introspection+jwt", "client-authentication+jwt", "JOSE", "JWE",
        None, True, 1, [real.typ], {},
    ]  # fmt: skip
    accepted = {"at+jwt": {"at+jwt", "application/at+jwt"}, "JWT": {"JWT"}}[real.typ]
    for typ in names:
        if not (isinstance(typ, str) and typ in accepted):
            yield real.sign({**real.header, "typ": typ})
            yield real.sign({**real.header, "typ": typ, "cty": real.typ})
    yield real.sign({name: value for name, value in real.header.items() if name != "typ"})
    yield real.sign({**real.header, "typ": "x", "cty": real.typ})


def doubled(real: Real) -> Iterator[str]:
    """A name twice, in the header or the claims, in any order and spelling: readers disagree on which counts."""
    for content, as_header in ((real.header, True), (real.claims, False)):
        for name, value in content.items():
            pairs = [f"{json.dumps(one)}:{json.dumps(said)}" for one, said in content.items()]
            escaped = '"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"'
            for spelled, again in itertools.product((json.dumps(name), escaped), (value, "x", None, 0, [])):
                extra = f"{spelled}:{json.dumps(again)}"
                for text in ("{" + ",".join([*pairs, extra]) + "}", "{" + ",".join([extra, *pairs]) + "}"):
                    yield real.sign(text) if as_header else real.sign(real.header, text)
    nested = json.dumps(real.claims)[:-1] + ',"act":{"sub":"a","sub":"b"}}'
    yield real.sign(real.header, nested)


def malformed(real: Real) -> Iterator[str]:
    """Headers and claims that are no single strict JSON object, and signed all the same."""
    for content, as_header in ((real.header, True), (real.claims, False)):
        text = json.dumps(content)
        bad: list[bytes | str] = [
            "", "{}", "[]", "null", "1", '""', "true", text[:-1], text + text, text + "x", f"[{text}]",
            json.dumps(text),
            text.replace('"', "'"), text.replace(":", "="), text[:-1] + ",}", text[:-1] + ',"a":NaN}', "{" + text,
            text[:-1] + ',"a":Infinity}', text[:-1] + ',"a":01}', text[:-1] + ',"a":"\\ud800"}',
                                                                       text[:-1] + ',"a":"\n"}',
            "\ufeff" + text, text.encode("utf-16"), text.encode("utf-16-le"), text.encode("utf-32"),
            text[:-1].encode() + b',"a":"\xff"}', text[:-1].encode() + b',"a":"\xc0\xae"}', text.encode() + b"\0",
            b"\0" + text.encode(), "/*c*/" + text, text[:-1] + ',"a":' + "[" * 4000 + "]" * 4000 + "}", "[" * 9000,
        ]  # fmt: skip
        for one in bad:
            yield real.sign(one) if as_header else real.sign(real.header, one)


def spelled(real: Real) -> Iterator[str]:
    """The real token in another spelling: padding, white space, alphabet, unused bits, number of parts."""
    head, payload, signature = parts = real.token.split(".")
    for place, one in enumerate(parts):
        for other in (one + "=", one + "==", one + "A", one[:-1], " " + one, one + "\n", one + "\0", "", "=" + one,
                      one + "%3D",
                      *(one[:-1] + letter for letter in ALPHABET if letter != one[-1])):  # fmt: skip
            yield ".".join([*parts[:place], other, *parts[place + 1 :]])
    for count in range(1, 6):
        yield ".".join((parts * 2)[:count]) if count != 3 else ".".join(reversed(parts))
    yield from (real.token + end for end in (".", "..", ".AAAA", "." + head, "~", "\n", " ", ",", "\0", "#x", "?a=b"))
    yield from (start + real.token for start in (".", "Bearer ", "\ufeff", " ", "\0", "b'", '"'))
    yield from (
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "AAAA.AAAA.AAAA",
        "e30.e30.",
        "e30.e30.e30",
        "\0",
        "é",
        "A" * 16_384,
        "." * 999,
    )
    padded = [base64.urlsafe_b64encode(decode(one)).decode() for one in parts]
    standard = [base64.b64encode(decode(one)).decode() for one in parts]
    yield from (".".join(each) for each in (padded, standard) if list(each) != parts)
    flat = {"protected": head, "payload": payload, "signature": signature}
    for content in (flat, {"payload": payload, "signatures": [{"protected": head, "signature": signature}]}):
        yield json.dumps(content)
        yield json.dumps(content, separators=(",", ":"))
    yield ".".join([part({"alg": "dir", "enc": "A128GCM"}), "", payload, payload, signature])
    yield "A" * (16_385 - len(real.token)) + real.token


def signatures(real: Real) -> Iterator[str]:
    """Signatures that are no signature: swapped, zero, out of range, DER, of another length, of another message."""
    message, _, text = real.token.rpartition(".")
    signature = decode(text)
    half = len(signature) // 2
    r, s = signature[:half], signature[half:]
    numbers = [
        0,
        1,
        2,
        ORDER - 1,
        ORDER,
        ORDER + 1,
        2**256 - 1,
        int.from_bytes(r[:32], "big"),
        int.from_bytes(s[:32], "big"),
    ]
    for first, second in itertools.product(numbers, numbers):
        made = (first % 2**256).to_bytes(32, "big") + (second % 2**256).to_bytes(32, "big")
        if made != signature:
            yield f"{message}.{encode(made)}"
    other = real.other.rsplit(".", 1)[1]
    zero = bytes(len(signature))
    made_of = [s + r, r, s, signature + b"\0", b"\0" + signature, signature * 2, zero, b"\xff" * len(signature),
               b"\0", b"",
               r + r, s + s, signature[::-1], bytes(byte ^ 255 for byte in signature),
               hashlib.sha256(message.encode()).digest(),
               b"\x30\x06\x02\x01\x00\x02\x01\x00", b"\x30\x44\x02\x20" + r[:32] + b"\x02\x20" + s[:32]]  # fmt: skip
    yield from (f"{message}.{encode(one)}" for one in made_of if one != signature)
    yield f"{message}.{other}"
    theirs = real.other.split(".")
    yield f"{theirs[0]}.{theirs[1]}.{text}"
    for key in (real.attacker, real.attacker_rsa, real.second):
        yield real.sign(real.header, key=key)
        yield real.sign({**real.header, "kid": real.attacker.kid}, key=key)
        yield real.sign({**real.header, "alg": key.algorithm}, key=key)


def rewritten(real: Real) -> Iterator[str]:
    """Other claims under the real signature: more scope, another person, another time."""
    head, _, signature = real.token.split(".")
    changes: list[dict[str, Any]] = [
        {"sub": "usr_2"}, {"sub": "svc_1"}, {"scope": "dw_user:create"}, {"scope": "*"}, {"client_id": "other"},
            {"aud": "x"},
        {"exp": real.claims["exp"] + 1}, {"exp": 2**40}, {"iat": 0}, {"jti": "tok_x"}, {"acr": "urn:mfa"},
                            {"org_id": "acme"},
        {"iss": "https://evil.example"}, {"fam": None}, {"admin": True}, {"amr": ["mfa"]}, {"auth_time": 2**33},
    ]  # fmt: skip
    for change in changes:
        yield f"{head}.{part({**real.claims, **change})}.{signature}"
        yield f"{head}.{part({**change, **real.claims})}.{signature}"
    for name in real.claims:
        yield f"{head}.{part({one: value for one, value in real.claims.items() if one != name})}.{signature}"
    yield f"{head}.{part(json.dumps(real.claims, indent=1))}.{signature}"


def issued_wrongly(real: Real) -> Iterator[str]:
    """Signed by the real key for another issuer, or with claims that no token of this kind has."""
    issuer: str = real.claims["iss"]
    issuers: list[object] = [
        issuer + "/", issuer + ".evil.example", issuer[:-1], issuer.upper(), issuer.replace("https", "http"),
        issuer + "#",
        issuer + "?", "https://evil.example/" + issuer, issuer.replace("://", "://evil@"), issuer + ":443",
        issuer + "\0", " " + issuer,
        issuer + " ", "", None, [issuer], {"iss": issuer}, 0, True, "https://accounts.google.com",
        issuer.encode().hex(),
    ]  # fmt: skip
    yield from (real.sign(real.header, {**real.claims, "iss": other}) for other in issuers)
    yield real.sign(real.header, {name: value for name, value in real.claims.items() if name != "iss"})
    for name in ("sub", "exp", "aud"):
        yield real.sign(real.header, {one: value for one, value in real.claims.items() if one != name})
        wrong: list[object] = [None, {}, True, 1.5, [1], [None], {"a": 1}]
        yield from (real.sign(real.header, {**real.claims, name: value}) for value in wrong)


def out_of_time(real: Real) -> Iterator[str]:
    """Signed by the real key, but expired, from the future, or without a readable time. Access tokens only."""
    now: int = real.claims["iat"]
    yield from (real.sign(real.header, {**real.claims, "exp": at}) for at in (now, now - 1, 0, -1, -(2**40), 1))
    yield from (
        real.sign(real.header, {**real.claims, "exp": at}) for at in ("9999999999", 1e300, float(now + 60), [now + 60])
    )
    yield from (real.sign(real.header, {**real.claims, name: now + 6}) for name in ("iat", "nbf"))
    yield from (real.sign(real.header, {**real.claims, name: "0"}) for name in ("iat", "nbf"))
    for name in ("client_id", "iat", "jti"):
        yield real.sign(real.header, {one: value for one, value in real.claims.items() if one != name})
        values: list[object] = [None, True, [], 1.5]
        yield from (real.sign(real.header, {**real.claims, name: value}) for value in values)
    for change in ({"sub": "usr_unknown"}, {"client_id": "unknown"}, {"fam": "fam_unknown"}, {"sub": "svc_unknown"}):
        yield real.sign(real.header, {**real.claims, **change})


def elsewhere(real: Real) -> Iterator[str]:
    """Signed by the real key for other APIs, whose names are like this one's. Where an audience is asked for."""
    audience: str = real.claims["aud"][0]
    near = [audience + "/", audience + "/v1", audience[:-1], audience.upper(), audience + "\0", " " + audience,
                                                       audience + " ",
            audience.replace("https", "http"), "*", "", audience + ".evil.example", audience.replace("://",
                "://evil@")]  # fmt: skip
    for other in near:
        yield real.sign(real.header, {**real.claims, "aud": other})
        yield real.sign(real.header, {**real.claims, "aud": [other, "https://b.example"]})
    yield real.sign(real.header, {**real.claims, "aud": []})
    yield real.sign(real.header, {**real.claims, "aud": f"{audience} https://b.example"})
    yield real.sign(real.header, {**real.claims, "aud": f"{audience},https://b.example"})


def truncated(real: Real) -> Iterator[str]:
    """Every beginning and every end of the token."""
    for cut in range(len(real.token)):
        yield real.token[:cut]
        if cut:
            yield real.token[cut:]


def flipped(real: Real) -> Iterator[str]:
    """Every bit of every part, one at a time."""
    parts = [decode(one) for one in real.token.split(".")]
    for place, content in enumerate(parts):
        for bit in range(len(content) * 8):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            yield ".".join(encode(bytes(changed) if place == at else one) for at, one in enumerate(parts))


def edited(real: Real, seed: int) -> Iterator[str]:
    """Without end: characters replaced, inserted, removed, swapped; pieces spliced from another real token."""
    draw = random.Random(seed)
    token, other = real.token, real.other
    while True:
        at, to = sorted((draw.randrange(len(token)), draw.randrange(len(token))))
        letter = draw.choice(ALPHABET) if draw.random() < 0.8 else draw.choice(FOREIGN)
        yield draw.choice([
            token[:at] + letter + token[at + 1 :], token[:at] + letter + token[at:], token[:at] + token[at + 1 :],
            token[:at] + token[to:], token[:to] + token[at:], token[:at] + other[at:], other[:at] + token[at:],
            token[:at] + token[at:to][::-1] + token[to:], token[:at] + token[to:] + token[at:to],
        ])  # fmt: skip


COMMON: Sequence[Callable[[Real], Iterator[str]]] = (
    lying, macs, unsigned, critical, embedded, identified, kinds, doubled, malformed, spelled, signatures, rewritten,
    issued_wrongly, truncated, flipped,
)  # fmt: skip


def forgeries(real: Real, *more: Callable[[Real], Iterator[str]], seed: int = 1) -> Iterator[tuple[str, str]]:
    """(family, token) without end, every family in turn, none of them equal to the real token."""
    families = {family.__name__: family(real) for family in (*COMMON, *more)} | {"edited": edited(real, seed)}
    while families:
        for name in list(families):
            forged = next(families[name], None)
            if forged is None:
                del families[name]
            elif forged not in (real.token, real.other):
                yield name, forged
