"""Becomes another program that ends when its parent ends. A script by itself: it imports nothing of Zamu.

    python -I -S launch.py SIGNAL PARENT ACCOUNT PROGRAM ARGUMENT…

SIGNAL is what the kernel sends once PARENT is gone (Linux), ACCOUNT is `uid:gid`, or `-` to stay who we are. A
launcher and not Popen's preexec_fn, which is unsafe beside threads; and not Popen's user=, because changing the user
clears the death signal, and because the other user may be unable to reach Python.
"""

import os
import signal
import sys
from collections.abc import Callable


def main() -> None:
    death, parent, account, *command = sys.argv[1:]
    prctl = _prctl()
    if account != "-":
        uid, gid = map(int, account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    prctl(int(death))
    if os.getppid() != int(parent):  # it died before the kernel knew to tell us
        os.kill(os.getpid(), signal.SIGKILL)
    os.execv(command[0], command)


def _prctl() -> Callable[[int], object]:
    """Found before the user changes: the other one may be unable to read Python's modules."""
    if sys.platform != "linux":
        return lambda death: None
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    set_parent_death_signal = 1
    return lambda death: libc.prctl(set_parent_death_signal, death, 0, 0, 0)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"{sys.argv[4]}: {error.strerror}")
