#!/usr/bin/env python3
"""How long does `diskprint serve` take to answer, with few rows and with many?

Two databases (crates/store/examples/many_rows.rs) have the same first sequence; the larger has forty
more, and one of 200,000 rows: a million in all. Each question is asked of both servers in turn,
over a new connection each time, and each answer is checked.
"""

import argparse
import hashlib
import json
import re
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sitting"))

from record import TOP, add_arguments, conditions  # noqa: E402
from tasks import need  # noqa: E402

ROWS = 20_000
SMALL = [ROWS]
LARGE = [ROWS] * 40 + [200_000]
SHARED = hashlib.sha256(b"shared").hexdigest()


def main():
    args = arguments()
    maker = args.examples / "many_rows"
    need([args.diskprint, str(maker)])
    args.work.mkdir(parents=True, exist_ok=True)
    times = {}
    with Server(args, maker, "small", SMALL) as small, Server(args, maker, "large", LARGE) as large:
        for turn in range(args.rounds):
            for name, path, check in QUESTIONS:
                servers = [small, large] if turn % 2 == 0 else [large, small]
                for server in servers:
                    started = time.monotonic()
                    answer = server.ask(path(server))
                    times.setdefault((name, server.name), []).append(time.monotonic() - started)
                    assert check(answer, server), (name, server.name, str(answer)[:300])
    summary = table(times)
    print(summary)
    if not args.no_record:
        folder = args.runs / args.date
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "summary.md").write_text(summary)
        lines = [f"{name},{server},{second:.6f}" for (name, server), all_ in times.items() for second in all_]
        (folder / "raw.csv").write_text("\n".join(["question,rows,wall_s", *lines]) + "\n")
        (folder / "README.md").write_text(readme(args))
        print(f"kept in {folder}")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work/web", help="where databases go (%(default)s)")
    add("--examples", type=Path, default=TOP / "target/release/examples",
        help="where the program many_rows is (%(default)s)")
    add_arguments(parser, "web")
    parser.set_defaults(rounds=50)
    return parser.parse_args()


class Server:
    """A server over a database of sequences of so many rows each."""

    def __init__(self, args, maker, name, rows):
        self.name, self.rows = f"{sum(rows):,} rows", rows
        database = args.work / f"{name}.db"
        if not database.exists():
            subprocess.run([maker, database, *map(str, rows)], check=True)
        command = [args.diskprint, "serve", "--db", f"sqlite:{database}", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.address = re.search(r"http://[^/]+", self.process.stdout.readline()).group()
        self.digest = self.rare()

    def ask(self, path):
        with urllib.request.urlopen(self.address + "/api/v1" + path) as answer:
            return json.load(answer)

    def rare(self):
        """The digest of a content that one file alone has."""
        row = self.ask(f"/slices/{self.last()}/files/7")
        return row["fields"]["sha256_after"]

    def last(self):
        """The slice with the rows of the last sequence."""
        return f"8504-1-{999 + len(self.rows)}-1-20"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def query(**parameters):
    return "?" + urllib.parse.urlencode(parameters)


# What is asked, where, and what the answer has to say.
QUESTIONS = [
    ("sequences", lambda _: "/sequences",
     lambda answer, server: answer["total"] == len(server.rows)),
    ("search of a sequence", lambda _: "/sequences" + query(search="1000"),
     lambda answer, _: answer["total"] == 1),
    ("a sequence", lambda server: "/sequences/" + server.last()[:-3],
     lambda answer, server: answer["slices"][1]["files"] == [server.rows[-1] * 3 // 4, 0, 0]),
    ("first page of files", lambda server: f"/slices/{server.last()}/files",
     lambda answer, _: len(answer["items"]) == 100 and answer["next"] == 99),
    ("a page in the middle", lambda server: f"/slices/{server.last()}/files" + query(after=server.rows[-1] // 2),
     lambda answer, _: len(answer["items"]) == 100),
    ("new values", lambda server: f"/slices/{server.last()}/cells" + query(action="new", limit=1000),
     lambda answer, _: len(answer["items"]) == 1000),
    ("a word that is nowhere", lambda server: f"/slices/{server.last()}/files" + query(search="nowhere"),
     lambda answer, server: answer["items"] == [] and (answer["next"] is None) == (server.rows[-1] == ROWS)),
    ("folders of the root", lambda server: f"/slices/{server.last()}/branches",
     lambda answer, server: answer["items"][0]["rows"] == server.rows[-1] * 3 // 4),
    ("a row", lambda server: f"/slices/{server.last()}/files/7",
     lambda answer, _: len(answer["touching"]) == 2),
    ("who touches a path", lambda _: "/touching" + query(path="windows/SHARED.dll"),
     lambda answer, server: answer["sequences"] == len(server.rows)),
    ("who touches a key", lambda _: "/touching" + query(key="hklm\\software\\app 0000\\part 00007"),
     lambda answer, _: answer["rows"] == 100),
    ("who has a rare content", lambda server: "/touching" + query(digest=server.digest),
     lambda answer, _: answer["rows"] == 1),
    ("who has a content that is everywhere", lambda _: "/touching" + query(digest=SHARED),
     lambda answer, server: answer["rows"] == sum(rows * 3 // 4 // 10 for rows in server.rows)),
]


def table(times):
    names = list(dict.fromkeys(server for _, server in times))
    head = f"| question | {' | '.join(names)} | {names[1]} / {names[0]} |"
    lines = [head, "|---" * (len(names) + 2) + "|"]
    for name in dict.fromkeys(name for name, _ in times):
        of = [times[name, server] for server in names]
        cells = [f"{statistics.median(all_) * 1000:.1f} (up to {max(all_) * 1000:.1f})" for all_ in of]
        ratio = statistics.median(of[1]) / statistics.median(of[0])
        lines.append(f"| {name} | {' | '.join(cells)} | {ratio:.2f} |")
    return "\n".join(lines) + "\n"


def readme(args):
    return f"""# Answers of the server, {args.date}

Milliseconds from the question to the whole answer, over a new connection each time: the median of
{args.rounds} and the slowest. Both servers run in one sitting and are asked in turn; every answer
was checked. In the larger, what is asked about is the sequence of 200,000 rows where a sequence is
asked about. All are in `raw.csv`.

{conditions(args)}"""


if __name__ == "__main__":
    main()
