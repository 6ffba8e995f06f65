"""The server under load: streams, slow and vanishing readers, documents that come and go. Prints its counts.

    python benchmarks/serve_load.py --seconds 60 --streams 32

A tiny model of random weights is served on a free port of this machine, in a process of its own. So many
clients stream one answer after the other, and check that each is whole: a role first, a reason last, [DONE]
at the end. Beside them one reads slowly, one hangs up in the middle, again and again, and one adds and
removes documents, and searches for what it added. Exit code 1 on a failure.
"""

import argparse
import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from malformed_requests import served, start

TOKENS = 24


def serve(folder: str, address: Any) -> None:
    """Serve until told to end."""
    server, url = start(served(Path(folder), max_tokens=TOKENS))
    address.put(url)
    while not server.should_exit:
        time.sleep(1)


def resident(process: int) -> float:
    """Memory of a process in MiB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the server is gone")


class Load:
    """Clients, and what they saw."""

    def __init__(self, url: str, until: float) -> None:
        self.url = url
        self.until = until
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        self.firsts: list[float] = []
        self._lock = threading.Lock()

    def count(self, name: str) -> None:
        """Count one."""
        with self._lock:
            self.counts[name] += 1

    def repeat(self, work: Any, number: int) -> None:
        """Do something again and again until the time is over; what it raises is a failure."""
        with httpx.Client(base_url=self.url, timeout=120, trust_env=False) as http:
            turn = 0
            while time.time() < self.until:
                try:
                    work(http, number, turn)
                except Exception as error:  # counted, whatever it is
                    with self._lock:
                        self.failures.append(f"{work.__name__}: {type(error).__name__}: {error}"[:200])
                turn += 1

    def body(self, number: int, turn: int) -> dict[str, Any]:
        """A question."""
        said = f"river stone {number} lantern {turn}"
        return {"model": "tiny", "messages": [{"role": "user", "content": said}], "stream": True}

    def stream(self, http: httpx.Client, number: int, turn: int) -> None:
        """Read an answer."""
        began = time.time()
        with http.stream("POST", "/v1/chat/completions", json=self.body(number, turn)) as answer:
            if answer.status_code == 429:
                self.count("asked to come again")
                time.sleep(float(answer.headers["Retry-After"]))
                return
            lines = []
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    if len(lines) == 1:
                        with self._lock:
                            self.firsts.append(time.time() - began)
                    lines.append(line.removeprefix("data: "))
        first, last = json.loads(lines[0]), json.loads(lines[-2])
        assert first["choices"][0]["delta"]["role"] == "assistant"
        assert last["choices"][0]["finish_reason"] in ("stop", "length")
        assert lines[-1] == "[DONE]"
        self.count("streams")

    def read_slowly(self, http: httpx.Client, number: int, turn: int) -> None:
        """Read an answer byte by byte, with pauses."""
        with http.stream("POST", "/v1/chat/completions", json=self.body(number, turn)) as answer:
            if answer.status_code == 429:
                time.sleep(1)
                return
            read = b""
            for piece in answer.iter_raw(chunk_size=200):
                read += piece
                time.sleep(0.02)
        assert read.endswith(b"data: [DONE]\n\n"), read[-80:]
        self.count("slow streams")

    def vanish(self, http: httpx.Client, number: int, turn: int) -> None:
        """Hang up in the middle."""
        host, port = self.url.removeprefix("http://").split(":")
        body = json.dumps(self.body(number, turn)).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            connection.recv(100)
        self.count("vanished")
        time.sleep(0.05)

    def edit(self, http: httpx.Client, number: int, turn: int) -> None:
        """Add a document, find it, remove it, find it no more."""
        word = f"zyx{number}w{turn}"
        document = {"id": word, "title": word, "text": f"{word} river stone copper"}
        added = http.post("/v1/documents", json={"documents": [document]})
        assert added.status_code == 200, added.text
        hits = http.post("/v1/search", json={"query": word, "k": 3}).json()
        assert word in {hit["document_id"] for hit in hits}, "not found after it was added"
        assert http.delete(f"/v1/documents/{word}").status_code == 200
        hits = http.post("/v1/search", json={"query": word, "k": 3}).json()
        assert word not in {hit["document_id"] for hit in hits}, "found after it was removed"
        self.count("documents added, found and removed")


def main() -> None:
    """Run, and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--streams", type=int, default=32)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        address = context.Queue()
        process = context.Process(target=serve, args=(folder, address), daemon=True)
        process.start()
        url = address.get(timeout=300)
        assert process.pid is not None
        memory = _run(url, process.pid, options)
        process.terminate()
        process.join()
    sys.exit(memory)


def _run(url: str, process: int, options: argparse.Namespace) -> int:
    load = Load(url, time.time() + options.seconds)
    works = [load.stream] * options.streams + [load.read_slowly, load.vanish, load.edit]
    threads = [
        threading.Thread(target=load.repeat, args=pair) for pair in zip(works, range(99), strict=False)
    ]
    for thread in threads:
        thread.start()
    memory = []
    while time.time() < load.until:
        time.sleep(options.seconds / 12)
        memory.append(resident(process))
    for thread in threads:
        thread.join()
    time.sleep(2)
    texts = httpx.get(f"{url}/metrics", trust_env=False).text.splitlines()
    left = [line for line in texts if line.startswith("openbook_texts_")]
    firsts = sorted(load.firsts)
    print(", ".join(f"{name}: {count}" for name, count in sorted(load.counts.items())))
    print(f"failures: {len(load.failures)}", *load.failures[:5], sep="\n  ")
    print("memory of the server in MiB:", " ".join(f"{size:.0f}" for size in memory))
    print(f"seconds to the first text: median {firsts[len(firsts) // 2]:.2f}, longest {firsts[-1]:.2f}")
    print("after it:", ", ".join(left))
    return 1 if load.failures else 0


if __name__ == "__main__":
    main()
