"""What a command costs: wall time, CPU time, peak memory and disk traffic of all its processes."""

import os
import subprocess
import time
from dataclasses import dataclass

BLOCK = 512  # unit of ru_inblock and ru_oublock. Source: getrusage(2), Linux


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


def measure(command, log):
    """Runs `command`, its output going to the file `log`, and returns what it cost.

    The peak is that of the largest single process. Reads served from the page cache cost nothing
    here, so they are those of a warm machine.
    """
    os.sync()  # writes of the run before are not paid for by this one
    with open(log, "wb") as out:
        start = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        exit_code=child.returncode,
        wall_s=wall,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_rss_mb=usage.ru_maxrss * 1024 / 1e6,
        read_mb=usage.ru_inblock * BLOCK / 1e6,
        written_mb=usage.ru_oublock * BLOCK / 1e6,
    )
