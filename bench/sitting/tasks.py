"""Commands that run in turn, each of which must say what is known to be true."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from measure import measure

END = 300


@dataclass
class Task:
    """A command, the folder or file it makes, if any, and what is wrong with what it made or said.

    `wrong` is given what the command printed and returns what is wrong with it, or nothing.
    """

    name: str
    command: list
    wrong: Callable = lambda said: None
    out: object = None
    exit_codes: tuple = (0,)


def rounds(args, tasks, log):
    """Runs every task once a round, who goes first changing, and returns one row for each run."""
    rows = []
    for number in range(1, args.rounds + 1):
        for task in tasks if number % 2 else reversed(tasks):
            rows.append((number, task.name, one_run(task, log)))
            cost = rows[-1][2]
            print(f"round {number}, {task.name}: {cost.wall_s:.2f} s wall, {cost.cpu_s:.2f} s CPU",
                  file=sys.stderr)
    return rows


def one_run(task, log, poll=None):
    """Runs the task into an empty folder; a wrong answer ends the benchmark. The cost has the end
    of what was said as `said`."""
    if task.out:
        shutil.rmtree(task.out, ignore_errors=True)
        task.out.mkdir(parents=True)
    cost = measure(task.command, log, poll)
    said = log.read_text(errors="replace")
    failed = cost.exit_code not in task.exit_codes
    wrong = f"exit code {cost.exit_code}" if failed else task.wrong(said)
    if wrong:
        sys.exit(f"{task.name}: {wrong}, see {log}")
    if task.out:
        shutil.rmtree(task.out)
    cost.said = said[-END:]
    return cost


def need(programs):
    """Ends when one of the programs is not here."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        sys.exit(f"not here: {', '.join(missing)}")
