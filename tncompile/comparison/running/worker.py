"""A worker: an interpreter of its own that does one job after the other, a line of JSON in and a line out.

A process can be stopped at any time, and takes nobody with it when it dies: that is how a job out of time, or out of memory, becomes
a row that says so. It ends when its standard input does, also in the middle of a job, and when it is idle for long.
"""

from __future__ import annotations

import os
import queue
import sys
import threading

from tncompile.comparison.running.jobs import perform

IDLE_SECONDS = 120.0


def main() -> None:
    """Does the jobs on standard input until it ends."""
    sys.set_int_max_str_digits(0)  # ranks of long chains have thousands of digits
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is printed is no answer
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    while True:
        try:
            request = requests.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            return
        print(perform(request), file=answers, flush=True)


def _read(requests: queue.Queue[str]) -> None:
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)  # whoever asked is gone: nobody waits for the job at hand


if __name__ == "__main__":
    main()
