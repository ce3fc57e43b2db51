"""The log's lines: JSON, and without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from doorward.core.secret import new_secret
from doorward.web.arrival.log import configure, logger

SECRET = new_secret("dw", bytes(range(32)))
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJl"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    out = io.StringIO()
    log = logging.getLogger("doorward")
    handlers, level, propagate = log.handlers[:], log.level, log.propagate
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", out)
        configure("info")
    yield out
    log.handlers[:] = handlers
    log.setLevel(level)
    log.propagate = propagate


def test_one_json_object_a_line(lines: io.StringIO) -> None:
    logger.info("request", path="/login")
    logger.debug("hidden")
    said = json.loads(lines.getvalue())
    assert said["event"] == "request"
    assert said["path"] == "/login"


def test_secrets_are_masked_wherever_they_stand(lines: io.StringIO) -> None:
    local_secret = "hunter2 in a local variable"

    def fail() -> None:
        raise RuntimeError(f"failed with {SECRET}, Bearer {TOKEN} and {TOKEN}")

    try:
        fail()
    except RuntimeError:
        logger.error("server_error", password="hunter2", note=f"sent {SECRET}", exc_info=True)
    said = lines.getvalue()
    assert "RuntimeError" in said
    for secret in (SECRET, TOKEN, "hunter2", local_secret):
        assert secret not in said
