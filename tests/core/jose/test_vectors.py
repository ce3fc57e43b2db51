"""The published JOSE vectors of C2SP/wycheproof, where the folder is at hand: `TESTS_VECTORS` names it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from doorward.core.errors import Invalid, InvalidToken
from doorward.core.jose.algorithms import ALGORITHMS
from doorward.core.jose.encoding import decode
from doorward.core.jose.keys import key_set
from doorward.core.jose.verification import verify_jws

FOLDER = Path(os.environ.get("TESTS_VECTORS", Path(__file__).parents[4] / "shared" / "vectors")) / "wycheproof"


def cases(name: str) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any]]]:
    if not (FOLDER / name).exists():
        pytest.skip(f"no published vectors: {name} is not at hand")
    for group in json.loads((FOLDER / name).read_text())["testGroups"]:
        public = group.get("public") or {"keys": []}
        for test in group["tests"]:
            yield public.get("keys", [public]), test


def accepted(keys: list[dict[str, Any]], token: object) -> bool:
    try:
        verify_jws(token if isinstance(token, str) else json.dumps(token), key_set(keys))
    except (Invalid, InvalidToken):
        return False
    return True


def taken(keys: list[dict[str, Any]], token: str) -> bool:
    """Whether both the key and the token are of an algorithm that doorward takes."""
    said = json.loads(decode(token.split(".", 1)[0]))["alg"]
    return said in ALGORITHMS and all(key.get("alg") == said for key in keys)


@pytest.mark.parametrize("name", ["json_web_signature_test.json", "json_web_key_test.json"])
def test_published_vectors(name: str, record_property: Callable[[str, object], None]) -> None:
    passed = total = outside = 0
    for keys, test in cases(name):
        verdict = accepted(keys, test["jws"])
        if test["result"] == "valid" and (test["comment"].startswith("InvalidChar") or not taken(keys, test["jws"])):
            outside += 1
            assert not verdict, test
            continue
        total += 1
        passed += verdict is (test["result"] == "valid")
        assert verdict is (test["result"] == "valid"), test
    record_property("wycheproof", f"{name}: {passed}/{total}, {outside} of algorithms not taken")
    print(f"{name}: {passed}/{total} as published; {outside} valid ones of algorithms not taken, all refused")
    assert passed == total > 15
