"""What a command costs: wall time, CPU time, peak memory and disk traffic of all its processes.

Run as a program it measures: `measure.py LOG COMMAND...` prints the cost as JSON.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

BLOCK = 512  # unit of ru_inblock and ru_oublock. Source: getrusage(2), Linux
POLL_S = 0.1


@dataclass
class Cost:
    """Cost of one run of a command and of the processes it waited for."""

    exit_code: int
    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    read_mb: float
    written_mb: float

    FIELDS = ("wall_s", "cpu_s", "peak_rss_mb", "read_mb", "written_mb")


def measure(command, log, poll=None):
    """Runs `command`, its output going to the file `log`, and returns what it cost.

    The peak is that of the largest single process. Reads served from the page cache cost nothing
    here, so they are those of a warm machine. `poll` is called with the number of the process now
    and then while it runs.

    Linux counts the memory of whoever starts a process as the process's own. So it is started by a
    Python that holds nothing; a peak below that one's (13 MB) is told as 13 MB.
    """
    os.sync()  # writes of the run before are not paid for by this one
    meter = [sys.executable, "-I", "-S", __file__, str(log), *map(str, command)]
    child = subprocess.Popen(meter, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    while True:
        try:
            said, _ = child.communicate(timeout=POLL_S if poll else None)
            break
        except subprocess.TimeoutExpired:
            for started in children(child.pid):
                poll(started)
    if child.returncode:
        sys.exit(f"{command[0]} could not be run")
    return Cost(**json.loads(said))


def children(process):
    try:
        with open(f"/proc/{process}/task/{process}/children") as file:
            return [int(number) for number in file.read().split()]
    except FileNotFoundError:
        return []


def run(log, command):
    """Starts the command and waits for it; a small process does no more than this."""
    with open(log, "wb") as out, open(os.devnull, "rb") as nothing:
        streams = [(os.POSIX_SPAWN_DUP2, file.fileno(), number)
                   for number, file in enumerate([nothing, out, out])]
        start = time.monotonic()
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
        _, status, usage = os.wait4(child, 0)
        wall = time.monotonic() - start
    return Cost(
        exit_code=os.waitstatus_to_exitcode(status),
        wall_s=wall,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_rss_mb=usage.ru_maxrss * 1024 / 1e6,
        read_mb=usage.ru_inblock * BLOCK / 1e6,
        written_mb=usage.ru_oublock * BLOCK / 1e6,
    )


if __name__ == "__main__":
    print(json.dumps(vars(run(sys.argv[1], sys.argv[2:]))))
