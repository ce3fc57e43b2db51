"""Settings from the environment: kinds, files, precedence, and errors that name the fix."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import fields
from pathlib import Path

import pytest

from doorward.core.errors import Misconfigured
from doorward.core.settings import SETTING_LIMIT, Settings
from doorward.settings import documentation, is_loopback, key_bytes, load, markdown, refuse_password, require_server

DOCS = Path(__file__).parent.parent / "docs"


def test_an_empty_environment_gives_the_defaults() -> None:
    assert load({"HOME": "/nowhere", "DOOR": "shut"}) == Settings()


def test_each_kind_is_read() -> None:
    settings = load(
        {
            "DOORWARD_PORT": "9000",
            "DOORWARD_NAME": " The Door ",
            "DOORWARD_CORS": "off",
            "DOORWARD_TRUST_EMAIL": "True",
            "DOORWARD_SESSION_IDLE": "90",
            "DOORWARD_SESSION_LIFETIME": "2d",
            "DOORWARD_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2,",
        }
    )
    assert settings.port == 9000
    assert settings.name == "The Door"
    assert settings.cors is False
    assert settings.trust_email is True
    assert settings.session_idle == 90
    assert settings.session_lifetime == 172_800
    assert settings.trusted_proxies == ("10.0.0.1", "10.0.0.2")


def test_options_win_and_none_means_not_given() -> None:
    assert load({"DOORWARD_PORT": "9000", "DOORWARD_HOST": "::1"}, port=9001, host=None).port == 9001
    assert load({"DOORWARD_HOST": "::1"}, host=None).host == "::1"


@pytest.mark.parametrize(
    ("variable", "near"),
    [
        ("DOORWARD_PRT", "DOORWARD_PORT"),
        ("DOORWARD_PUBLICURL", "DOORWARD_PUBLIC_URL"),
        ("DOORWARD_port", "DOORWARD_PORT"),
    ],
)
def test_an_unknown_variable_is_refused_naming_the_nearest(variable: str, near: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load({variable: "1"})
    assert caught.value.reason == "setting.unknown"
    assert variable in caught.value.description
    assert near in caught.value.hint


def test_a_variable_unlike_any_points_to_the_list() -> None:
    with pytest.raises(Misconfigured) as caught:
        load({"DOORWARD_XYZZYXYZZYXYZZY": "1"})
    assert "docs/settings.md" in caught.value.hint


def test_dev_is_not_the_environments_to_say() -> None:
    with pytest.raises(Misconfigured):
        load({"DOORWARD_DEV": "true"})
    assert load({}, dev=True).dev


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DOORWARD_PORT", "eighty"),
        ("DOORWARD_PORT", "-1"),
        ("DOORWARD_PORT", "65536"),
        ("DOORWARD_CORS", "maybe"),
        ("DOORWARD_SESSION_IDLE", "2 weeks"),
        ("DOORWARD_SESSION_IDLE", "-1"),
        ("DOORWARD_PUBLIC_URL", "auth.example.com"),
        ("DOORWARD_PUBLIC_URL", "https://auth.example.com?x=1"),
        ("DOORWARD_PUBLIC_URL", "https://user:pw@auth.example.com"),
        ("DOORWARD_PUBLIC_URL", "http://auth.example.com"),
        ("DOORWARD_PASSWORD_MIN_LENGTH", "7"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(variable: str, value: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load({variable: value})
    assert caught.value.reason == "setting.invalid"
    assert caught.value.hint


@pytest.mark.parametrize("name", ["DOORWARD_PORT", "DOORWARD_SERVICE_HOST", "DOORWARD_PORT_8080_TCP"])
def test_variables_that_kubernetes_makes_are_told_apart(name: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load({name: "tcp://10.0.0.1:8080"})
    assert "enableServiceLinks" in caught.value.hint


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("c2VjcmV0\n")
    assert load({"DOORWARD_SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == "c2VjcmV0"


def test_a_secret_and_its_file_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("c2VjcmV0")
    with pytest.raises(Misconfigured, match="both"):
        load({"DOORWARD_SECRET_KEY_FILE": str(tmp_path / "key"), "DOORWARD_SECRET_KEY": "x"})


def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        load({"DOORWARD_SECRET_KEY_FILE": str(tmp_path / "missing")})
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="UTF-8"):
        load({"DOORWARD_DATABASE_URL_FILE": str(tmp_path / "bytes")})


def test_only_a_secret_is_read_from_a_file() -> None:
    with pytest.raises(Misconfigured, match="only a secret"):
        load({"DOORWARD_PORT_FILE": "/port"})


def test_the_public_url_loses_its_trailing_slash_and_may_have_a_path() -> None:
    assert load({"DOORWARD_PUBLIC_URL": "https://x.example/auth/"}).public_url == "https://x.example/auth"
    assert load({"DOORWARD_PUBLIC_URL": "http://localhost:8080"}).public_url == "http://localhost:8080"


@pytest.mark.parametrize(
    "url",
    [
        "https://[",
        "https://x.example:99999",
        "https://x.example:a",
        "https://x.example//evil",
        "https://x.example/a b",
        "https://x.example/é",
        "https://exämple.com",
        "https://x.example;y",
        "https://x\ny",
        "https://x.example/a/..",
        "https://user@x.example",
        "https://x.example?q",
        "https://x.example#f",
        "https://-x",
        "ftp://x.example",
        "x",
    ],
)
def test_a_public_url_that_links_cannot_be_made_of(url: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load({"DOORWARD_PUBLIC_URL": url})
    assert refused.value.reason == "setting.invalid"


@pytest.mark.parametrize("url", ["https://x.example:8443/a/b-c", "http://[::1]:8080", "https://X.example", "https://x"])
def test_a_public_url(url: str) -> None:
    assert load({"DOORWARD_PUBLIC_URL": url}).public_url == url


def test_a_proxy_that_no_address_can_be_in() -> None:
    given = load({"DOORWARD_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.9/16, ::1, unix"})
    assert given.trusted_proxies == ("10.0.0.1", "10.1.0.9/16", "::1", "unix")
    for bad in ("proxy.example", "10.0.0.0/33", "10.0.0.1:80", "*"):
        with pytest.raises(Misconfigured) as refused:
            load({"DOORWARD_TRUSTED_PROXIES": f"10.0.0.1,{bad}"})
        assert bad in refused.value.description


def test_a_server_needs_a_public_url_and_a_key() -> None:
    with pytest.raises(Misconfigured, match="PUBLIC_URL"):
        require_server(Settings())
    with pytest.raises(Misconfigured, match="SECRET_KEY"):
        require_server(Settings(public_url="https://x.example"))
    settings = Settings(public_url="https://x.example", secret_key="k")
    assert require_server(settings) is settings


def test_the_key_is_32_bytes_and_an_error_does_not_show_it() -> None:
    key = bytes(range(32))
    assert key_bytes(Settings(secret_key=urlsafe_b64encode(key).decode())) == key
    assert key_bytes(Settings(secret_key=urlsafe_b64encode(key).decode().rstrip("="))) == key
    for bad in ("", "c2hvcnQ", "!" * 43, "ü" * 43):
        with pytest.raises(Misconfigured) as caught:
            key_bytes(Settings(secret_key=bad))
        assert not bad or bad not in str(caught.value)


def test_a_password_in_a_database_url_is_not_taken_as_an_argument() -> None:
    refuse_password(None)
    refuse_password("postgresql://doorward@db/doorward")
    with pytest.raises(Misconfigured) as caught:
        refuse_password("postgresql://doorward:hunter2@db/doorward")
    assert "hunter2" not in caught.value.description + caught.value.hint


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("example.com", False),
        (None, False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str | None, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_settings_are_few_and_each_says_what_it_means() -> None:
    names = [field.name for field in fields(Settings)]
    assert len(names) <= SETTING_LIMIT
    assert sorted(documentation()) == sorted(names)


def test_the_reference_is_fresh() -> None:
    """Write it anew: `python -c "import doorward.settings as s; print(s.markdown(), end=str())" > docs/settings.md`."""
    assert (DOCS / "settings.md").read_text() == markdown()
