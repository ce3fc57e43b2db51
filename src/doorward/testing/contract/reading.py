"""Reads: what was written comes back exactly, and nothing else does."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from doorward.core.errors import Invalid
from doorward.core.instant import Instant, Seconds, after
from doorward.core.table import Add, DeleteWhere, Put
from doorward.ports import Storage
from doorward.testing.clock import FakeClock
from doorward.testing.contract.fixtures import ContractFixtures
from doorward.testing.contract.records import ENTRIES, ITEMS, MARKS, Entry, Item, Mark

LOOK_ALIKES = (
    "ann", "Ann", "ANN", "ann ", " ann", "ann\0", "ann\0b", "an", "a%n", "a_n", "a*n", "ann;--", "ann'", 'ann"', "",
    "user:ann", "user:ann#member", "user:*", "a/b", "a|b", "a,b", "straße", "STRASSE", "strasse", "ß", "ss", "ı", "i",
    "İ", "K", "\u212a", "k", unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é"), "\u202eann", "😀",
    "7", "007", "+7", "7.0", "7e0", "\ufeffann", "ann\n",
)  # fmt: skip
"""Texts that are different, and that folding, trimming, normalising, numbers or patterns would make one."""


class ReadingContract(ContractFixtures):
    """get, find, page, read."""

    async def test_every_type_of_column_comes_back_as_it_was(self, storage: Storage) -> None:
        full = Item(
            "i1", "lamp", "c1", "s1", -(2**63), True, "used", bytes(range(256)), ("b", "a"),
            {"a": [1, None, {"ü": 1.5}]}, ("x",), 2**63 - 1, Instant(2**62), 7,
        )  # fmt: skip
        bare = Item("i2", "chair")
        await storage.commit([Add(ITEMS, full), Add(ITEMS, bare), Add(MARKS, Mark(b"\0\xff"))])
        assert await storage.get(ITEMS, "i1") == full
        assert await storage.get(ITEMS, "i2") == bare
        assert await storage.get(MARKS, b"\0\xff") == Mark(b"\0\xff")
        found = await storage.get(ITEMS, "i1")
        assert found is not None
        assert (type(found.sold), type(found.labels), type(found.raw)) == (bool, tuple, bytes)

    async def test_texts_that_look_alike_are_different_keys(self, storage: Storage) -> None:
        assert len(set(LOOK_ALIKES)) == len(LOOK_ALIKES)
        await storage.commit([Add(ITEMS, Item(text, f"n{text}")) for text in LOOK_ALIKES])
        for text in LOOK_ALIKES:
            assert await storage.get(ITEMS, text) == Item(text, f"n{text}")
            assert await storage.find(ITEMS, name=f"n{text}") == Item(text, f"n{text}")
        rows = await storage.page(ITEMS, limit=1000)
        assert [row.id for row in rows] == sorted(LOOK_ALIKES, key=str.encode)

    async def test_a_text_that_is_not_unicode_is_refused(self, storage: Storage) -> None:
        with pytest.raises(Invalid):
            await storage.get(ITEMS, "\ud800")
        with pytest.raises(Invalid):
            await storage.commit([Add(ITEMS, Item("\ud800", "n"))])
        with pytest.raises(Invalid):
            await storage.commit([Add(ITEMS, Item("i", "n", count=2**63))])

    async def test_find_by_unique_lookup_prefix_and_null(self, storage: Storage) -> None:
        a, b, c = Item("a", "na", "ca", "s"), Item("b", "nb", shelf="s"), Item("c", "nc", shelf="t", price=3)
        await storage.commit([Add(ITEMS, item) for item in (c, b, a)])
        assert await storage.find(ITEMS, code="ca") == a
        assert await storage.find(ITEMS, shelf="s") == a
        assert await storage.find(ITEMS, shelf="s", id="b") == b
        assert await storage.find(ITEMS, price=None) == a
        assert await storage.find(ITEMS, price=3) == c
        assert await storage.find(ITEMS, shelf="x") is None

    async def test_columns_without_an_index_are_refused(self, storage: Storage) -> None:
        with pytest.raises(TypeError):
            await storage.find(ITEMS, count=1)
        with pytest.raises(TypeError):
            await storage.find(ITEMS, name="x", code="y")
        with pytest.raises(TypeError):
            await storage.page(ITEMS, {"labels": "x"})

    async def test_pages_in_the_order_of_the_key(self, storage: Storage) -> None:
        entries = [Entry(book, number) for book in ("a", "b") for number in (2, 10, 1)]
        await storage.commit([Add(ENTRIES, entry) for entry in entries])
        ordered = sorted(entries, key=lambda entry: (entry.book, entry.number))
        assert await storage.page(ENTRIES) == ordered
        assert await storage.page(ENTRIES, descending=True) == ordered[::-1]
        assert await storage.page(ENTRIES, after=("a", 2), limit=2) == ordered[2:4]
        assert await storage.page(ENTRIES, after=("b", 1), descending=True) == ordered[2::-1]
        assert await storage.page(ENTRIES, {"book": "b"}, after=("b", 1)) == ordered[4:]
        assert await storage.page(ENTRIES, limit=0) == []

    async def test_paging_under_inserts_and_deletions_misses_nothing_that_stays(self, storage: Storage) -> None:
        await storage.commit([Add(ENTRIES, Entry("a", number)) for number in range(0, 200, 2)])
        seen: list[Entry] = []
        while page := await storage.page(
            ENTRIES, {"book": "a"}, after=("a", seen[-1].number) if seen else None, limit=9
        ):
            seen += page
            odd = page[-1].number // 2 * 2 + 1
            await storage.commit([Put(ENTRIES, Entry("a", number)) for number in (odd, (odd + 40) % 200, odd // 2)])
            if odd > 20:
                await storage.commit([DeleteWhere(ENTRIES, {"book": "a", "number": odd - 20})])
        numbers = [entry.number for entry in seen]
        assert numbers == sorted(set(numbers))
        assert set(range(0, 200, 2)) <= set(numbers)

    async def test_expired_is_invisible_before_it_is_swept(self, storage: Storage, clock: FakeClock) -> None:
        ends = after(clock.now(), Seconds(10))
        brief, lasting = Item("a", "na", "ca", "s", expires=ends), Item("b", "nb", shelf="s")
        await storage.commit([Add(ITEMS, brief), Add(ITEMS, lasting)])
        clock.advance(9.999999)
        assert await storage.page(ITEMS) == [brief, lasting]
        clock.advance(0.000001)
        feed = storage.feed()
        assert await storage.get(ITEMS, "a") is None
        assert await storage.find(ITEMS, code="ca") is None
        assert await storage.find(ITEMS, shelf="s") == lasting
        assert await storage.page(ITEMS) == await storage.page(ITEMS, {"shelf": "s"}) == [lasting]
        assert list(feed.rows(ITEMS)) == [lasting]
        assert feed.row(ITEMS, "a") is None
        assert await storage.sweep() == 1
        assert await storage.sweep() == 0
        clock.advance(-5)
        assert await storage.page(ITEMS) == [lasting]

    async def test_sweeping_keeps_to_its_limit(self, storage: Storage, clock: FakeClock) -> None:
        soon = after(clock.now(), Seconds(1))
        await storage.commit([Add(ITEMS, Item(f"{n}", f"{n}", expires=soon)) for n in range(5)])
        clock.advance(1)
        assert [await storage.sweep(2) for _ in range(4)] == [2, 2, 1, 0]

    async def test_parameters_out_of_order_and_repeated(self, storage: Storage) -> None:
        await storage.commit([Add(ENTRIES, Entry("a", 1, "one")), Add(ENTRIES, Entry("b", 2, "two"))])
        by = "SELECT text, $3, $1 FROM {contract_entries} WHERE number = $2 AND book = $1 AND $1 <> $3"
        assert await storage.read(by, ("a", 1, "x")) == [("one", "x", "a")]
        assert await storage.read(by, ("a", 2, "x")) == []
        marked = """SELECT '$1 ''$2', text AS "$2", /* $9 ' */ $1 -- $8 "
                    FROM {contract_entries} WHERE book = $2"""
        assert await storage.read(marked, ("x", "b")) == [("$1 '$2", "two", "x")]

    async def test_parameters_too_many_too_few_or_nameless_are_refused(self, storage: Storage) -> None:
        for statement, given in (("SELECT $1", ()), ("SELECT $1", (1, 2)), ("SELECT 1", (1,))):
            with pytest.raises(TypeError):
                await storage.read(statement, given)
        for statement in ("SELECT $2", "SELECT ?", "SELECT :name"):
            with pytest.raises(ValueError, match=r"placeholder|parameters"):
                await storage.read(statement, (1, 2))

    async def test_read_writes_nothing(self, storage: Storage) -> None:
        await storage.commit([Put(ENTRIES, Entry("a", 1))])
        with pytest.raises(Exception, match=r".") as caught:
            await storage.read("DELETE FROM {contract_entries}")
        assert not isinstance(caught.value, AssertionError)
        assert len(await storage.page(ENTRIES)) == 1

    async def test_what_a_reader_got_is_its_own(self, storage: Storage) -> None:
        item = Item("a", "na", extra={"k": 1})
        await storage.commit([Add(ITEMS, item)])
        got = await storage.get(ITEMS, "a")
        assert got is not None
        got.extra["k"] = 2
        assert await storage.get(ITEMS, "a") == replace(item, extra={"k": 1})
