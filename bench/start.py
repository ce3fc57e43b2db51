"""How long until the first answer, what it holds in memory when idle, `--help`, and how much is installed.

python bench/start.py
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

from rig.servers import Place, echo, free_port, memory, process

ROUNDS = 5


def start(place: Place) -> tuple[float, float]:
    """Seconds from the start of the process to the first answer, and megabytes when idle after it."""
    command = [sys.executable, "-m", "doorward", "serve", "--port", str(place.port)]
    started = time.monotonic()
    with process(command, place.port, place.folder, **place.environment) as running:
        taken = time.monotonic() - started
        time.sleep(0.5)
        return taken, memory(running.pid)


def bare(folder: Path) -> float:
    """The same of uvicorn with a bare ASGI application."""
    started = time.monotonic()
    with echo(folder):
        return time.monotonic() - started


def timed(*command: str) -> float:
    """Milliseconds of a command, the median of some runs."""
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def installed(root: str, extra: str) -> tuple[int, float]:
    """How many packages `root[extra]` brings, itself among them, and their megabytes."""
    waiting, found = [(root, extra)], set[str]()
    size = 0
    while waiting:
        name, wanted = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another platform or version of Python
        found.add(key)
        size += sum(path.stat().st_size for file in package.files or () if (path := Path(str(file.locate()))).is_file())
        for line in package.requires or ():
            marker = line.partition(";")[2]
            if "extra" in marker and not (wanted and re.search(rf"extra == ['\"]{wanted}['\"]", marker)):
                continue
            match = re.match(r"([A-Za-z0-9._-]+)(?:\[([a-z0-9,]+)\])?", line)
            if match:
                waiting.append((match[1], (match[2] or "").partition(",")[0]))
    return len(found), size / 1e6


def main() -> None:
    """Print every figure with its floor."""
    with tempfile.TemporaryDirectory() as made:
        place = Place(Path(made), free_port())
        first, _ = start(place)
        again = [start(place) for _ in range(ROUNDS)]
        floor = statistics.median(bare(place.folder) for _ in range(ROUNDS))
    python = timed(sys.executable, "-c", "pass")
    click = timed(sys.executable, "-c", "import click")
    help = timed(sys.executable, "-m", "doorward", "--help")
    count, size = installed("doorward", "server")
    print(f"start to first answer, empty database   {first:6.2f} s")
    seconds, megabytes = (statistics.median(figures) for figures in zip(*again, strict=True))
    print(f"start to first answer, made before      {seconds:6.2f} s   bare uvicorn {floor:.2f} s")
    print(f"idle memory                             {megabytes:6.1f} MB")
    print(f"doorward --help                         {help:6.0f} ms  python {python:.0f} ms, with click {click:.0f} ms")
    print(f"doorward[server]                        {count:6d} packages, {size:.1f} MB")


if __name__ == "__main__":
    main()
