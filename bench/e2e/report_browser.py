#!/usr/bin/env python3
"""How long a report of 200,000 changes takes to open and to filter in a browser, against the same
rows in a plain HTML table whose filter hides rows.

Both pages open in turn in headless Chromium, in one sitting, and which goes first changes each
round. What each filter leaves must be what the export says.
"""

import argparse
import html
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "sitting"), str(TOP / "crates/cli/tests/browser")]
sys.dont_write_bytecode = True

import driver  # noqa: E402
import record  # noqa: E402

SEQUENCE = "8504-1-9003-1"
# One that most rows have, one that a hundredth has, one that one row has.
QUERIES = ["file", "77.bin", "00001/a file of some length 0321.bin"]
FIELDS = ["ready_s", "most_s", "some_s", "one_s"]
# When all rows can be seen, laid out.
READY = "return performance.getEntriesByName('ready')[0].startTime"
# Types a text, and says how long it took until the page said how much it leaves, and was painted.
FILTER = """
    const [query, done] = [arguments[0], arguments[arguments.length - 1]];
    const [input, count] = [document.getElementById('query'), document.getElementById('count')];
    const start = performance.now();
    new MutationObserver((_, observer) => {
      observer.disconnect();
      const said = count.textContent;
      requestAnimationFrame(() => setTimeout(() => done([(performance.now() - start) / 1000, said]), 0));
    }).observe(count, { childList: true, characterData: true, subtree: true });
    input.value = query;
    input.dispatchEvent(new Event('input'));"""
PLAIN = """<!doctype html><meta charset="utf-8"><title>plain</title>
<input id="query"><p id="count"></p><table><tbody>
%s</tbody></table><script>
const rows = [...document.querySelectorAll('tr')];
const texts = rows.map((row) => row.cells[3].textContent.toLowerCase());
document.getElementById('query').addEventListener('input', (event) => {
  const query = event.target.value.trim().toLowerCase();
  let shown = 0;
  rows.forEach((row, index) => { row.hidden = !texts[index].includes(query); shown += row.hidden ? 0 : 1; });
  document.getElementById('count').textContent = `${shown.toLocaleString('en-US')} of`;
});
document.body.offsetHeight;
document.body.classList.add('ready');
performance.mark('ready');
</script>
"""


@dataclass
class Times:
    """What one page took, in seconds."""

    ready_s: float
    most_s: float
    some_s: float
    one_s: float


def main():
    args = arguments()
    driver.PATIENCE_S = 600
    pages, wanted = make(args)
    rows = []
    for number in range(1, args.rounds + 1):
        for name in sorted(pages, reverse=number % 2 == 0):
            rows.append((number, name, measure(pages[name], wanted)))
            print(*rows[-1], flush=True)
    summary = record.medians(rows, ["report", "table"], FIELDS, "report", 2)
    print(summary)
    record.keep(args, rows, summary, readme(args, pages, wanted), FIELDS)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    record.add_arguments(parser, "report")
    parser.add_argument("--changes", type=int, default=200_000, help="(%(default)s)")
    parser.add_argument("--work", type=Path, default=HERE.parent / "work/report",
                        help="where disks, results and pages are kept (%(default)s)")
    return parser.parse_args()


def make(args):
    """The two pages, and how many rows each query leaves."""
    args.work.mkdir(parents=True, exist_ok=True)
    results = args.work / "results"
    database = f"sqlite:{results / 'diskprint.db'}"
    if not (results / "diskprint.db").exists():
        for slice_id, files in [(10, 1), (20, args.changes)]:
            image = args.work / f"{SEQUENCE}-{slice_id}.raw"
            run(["cargo", "run", "--quiet", "--release", "--locked", "-p", "diskprint-testkit",
                 "--example", "many_files", "--", str(files), str(image)])
        run([args.diskprint, "run", "--quiet", str(image), str(results)])
    pages = {"report": args.work / "report.html", "table": args.work / "table.html"}
    run([args.diskprint, "report", SEQUENCE, "--db", database, "--quiet", "--alone",
         "--most-changes", str(args.changes), "-o", str(pages["report"])])
    lines = run([args.diskprint, "export", SEQUENCE, "--db", database]).splitlines()
    changes = [json.loads(line) for line in lines[:args.changes]]
    pages["table"].write_text(PLAIN % "".join(map(line_of, changes)))
    paths = [change["path"].lower() for change in changes]
    return pages, [sum(query in path for path in paths) for query in QUERIES]


def line_of(change):
    cells = [change["sliceid"], change["action"], change["file_type"], change["path"],
             ", ".join(change["changes"]), change["size_after"]]
    return "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>\n"


def run(command):
    return subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout


def measure(page, wanted):
    with driver.Browser(page.as_uri(), 1280, 900) as browser:
        browser.ask("/timeouts", {"script": 600_000})
        times = [browser.run(READY) / 1000]
        for query, count in zip(QUERIES, wanted):
            took, said = browser.ask("/execute/async", {"script": FILTER, "args": [query]})
            if not said.startswith(f"{count:,} of"):
                sys.exit(f"{page.name}: {query!r} leaves {said!r} and not {count:,}")
            times.append(took)
        return Times(*times)


def readme(args, pages, wanted):
    sizes = {name: page.stat().st_size / 1e6 for name, page in pages.items()}
    queries = ", ".join(f"`{query}` ({count:,})" for query, count in zip(QUERIES, wanted))
    return f"""# The report in a browser, {args.date}

{args.changes:,} changes of files: a report of {sizes["report"]:.1f} MB, which has every field of them, against a plain HTML
table of {sizes["table"]:.1f} MB with six columns of the same rows, whose filter hides the rows that lack a text. Both were
opened in headless Chromium in turn, each time in a new browser with an empty profile, {args.rounds} rounds, which goes first
changing. Times are the page's own (`performance.now()`). `ready_s` is from the beginning of the navigation until the
rows are there, laid out; then one text after another is typed: {queries}; each time is until the page has
said how many rows are left, which must be as many as in the export, and was painted. The report waits 80 ms for further
letters, which is in its times. diskprint only makes the report before. The load average below says whether other
programs were at work; where they were, the ratios tell more than the times. Medians are in `summary.md`, every run in `raw.csv`.

```sh
cargo build --release --locked
bench/e2e/report_browser.py --rounds {args.rounds} --changes {args.changes} --date {args.date}
```

{record.conditions(args, ["chromium"])}"""


if __name__ == "__main__":
    main()
