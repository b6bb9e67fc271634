"""Run a command and tell what it took, as JSON: a process of its own, because a child's peak begins at its parent's.

`python launch.py COMMAND ...`: standard output of the command is dropped, its errors go where this one's go.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main() -> None:
    """Run the command that the arguments are; prints seconds of wall and processor time, bytes at most, and status."""
    began = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu, resident = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "resident": resident, "status": process.returncode}))


if __name__ == "__main__":
    main()
