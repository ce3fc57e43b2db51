"""One spelling for each value: anything else that could be read as it is refused."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.jose.encoding import decode, encode, json_object


@given(st.binary(max_size=70))
def test_base64url_round_trips_and_agrees_with_the_standard_library(data: bytes) -> None:
    assert encode(data) == base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert decode(encode(data)) == data


@pytest.mark.spec("rfc7515#2")
@pytest.mark.parametrize(
    "text",
    ["YQ==", "YQ=", "YR", "Y", " YQ", "YQ ", "Y Q", "YQ\n", "+_8", "/_8", "Y?Q", "YWJ=", "YWJjYR", "YQ=\x00", "ÿQ"],
)
def test_another_spelling_of_the_same_bytes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64url|ascii"):
        decode(text)


@given(st.text(alphabet="YQw-_=+/ \n?", max_size=9))
def test_whatever_is_read_is_what_would_be_written(text: str) -> None:
    try:
        data = decode(text)
    except ValueError:
        return
    assert encode(data) == text


def test_an_object_is_read() -> None:
    assert json_object(b' {"a": {"b": [1, 2.5, "\\u00e9", null, true]}}\n') == {"a": {"b": [1, 2.5, "é", None, True]}}


@pytest.mark.parametrize(
    "text", ['{"a":1}', '{"a":1.50}', '{"a":18446744073709551616}', '{"a":-1e5}', '{ "a":"\\u00e9"}']
)
def test_an_object_is_read_whether_or_not_it_is_in_our_own_spelling(text: str) -> None:
    assert json_object(text.encode()) == json.loads(text)


@pytest.mark.spec("rfc7519#4")
@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":1}', '{"a":1,"b":2,"a":3}', '{"a":{"b":1,"b":2}}', '{"a":[{"b":1,"b":2}]}', '{"a":1,"\\u0061":2}'],
)
def test_a_name_twice_is_refused_at_any_depth(text: str) -> None:
    with pytest.raises(ValueError, match="twice"):
        json_object(text.encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"a"',
        b"1",
        b"null",
        b"{",
        b"{}{}",
        b"{} x",
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e999}',
        b'{"a":01}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-32"),
        b'{"a":"\n"}',
        b"[" * 3000,
        b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}",
    ],
)
def test_what_is_not_one_strict_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|utf-8"):
        json_object(data)
