"""Run one command and write down what it cost: `launch.py REPORT COMMAND…`.

A process of its own and as small as can be (python -I -S): Linux counts into a child's peak memory what its parent
held when it was started. Standard output and error are the caller's.
"""

import json
import os
import sys
import time


def main() -> None:
    report, *command = sys.argv[1:]
    began = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    cost = {
        "wall": time.perf_counter() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss,
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(report, "w") as file:  # noqa: PTH123 (importing pathlib would make this process larger)
        json.dump(cost, file)


main()
