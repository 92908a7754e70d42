"""Workers for measurements: they can be had, and killed, in milliseconds.

A process that has imported everything already and forks a worker for each line
it reads, whose process id it prints. Each is what `zamu worker` runs, but for
its clock, which may be ahead: at night the lane bulk rests.
"""

import os
import signal
import sys
from datetime import datetime, timedelta

from core.clock import utc_now
from core.settings import Settings
from workers.worker import run_worker


def main() -> None:
    lane, ahead = sys.argv[1], timedelta(seconds=float(sys.argv[2]))
    settings = Settings.from_environment()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended

    def now() -> datetime:
        return utc_now() + ahead

    print("ready", flush=True)
    while sys.stdin.readline():
        worker = os.fork()
        if worker == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            sys.stdin.close()
            run_worker(settings, lane, now=now)
            os._exit(0)
        print(worker, flush=True)


if __name__ == "__main__":
    main()
