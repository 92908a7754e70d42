import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from web.local.child import Child
from web.local.console import Output, StopRequested, StopSignals
from web.local.errors import StartError
from web.local.guard import Guard
from web.local.process import wait_until
from web.local.supervisor import Supervisor

POLITE = """
import signal, sys
def stop(*_):
    print("stopping", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while True:
    signal.pause()
"""
STUBBORN = POLITE.replace("sys.exit()", "pass")


class Heard(Output):
    """Output that a test can read."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        super().__init__(self.out, self.err)

    def has(self, name: str, line: str) -> bool:
        return f"{name:<18} | {line}\n" in self.out.getvalue()

    def lines(self, line: str) -> list[str]:
        """Who said it, in order."""
        said = [row.partition(" | ") for row in self.out.getvalue().splitlines()]
        return [name.strip() for name, _, text in said if text == line]


@pytest.fixture
def output() -> Heard:
    return Heard()


@pytest.fixture
def guard() -> Iterator[Guard]:
    with Guard() as guard:
        yield guard


@pytest.fixture
def signals() -> Iterator[StopSignals]:
    with StopSignals() as signals:
        yield signals


@pytest.fixture
def child(output: Heard, guard: Guard) -> Callable[..., Child]:
    def make(name: str, script: str, *arguments: object, ready: str = "ready", **options: object) -> Child:
        """It is ready once it has said so."""
        command = [sys.executable, "-c", script, *map(str, arguments)]
        return Child(
            name, command, env={}, output=output, guard=guard, ready=lambda: output.has(name, ready), **options
        )

    return make


def test_a_part_that_was_ready_once_has_started(child, output, signals, monkeypatch):
    answers = iter([False, True])
    web = child("web", POLITE)
    monkeypatch.setattr(web, "is_ready", lambda: next(answers, False))
    with Supervisor(output, signals) as supervisor:
        supervisor.start(web)


def test_parts_stop_in_the_order_of_their_stages(child, output, signals):
    with Supervisor(output, signals) as supervisor:
        for name, stage in [("database", 3), ("web", 1), ("worker", 2), ("phone", 0)]:
            supervisor.start(child(name, POLITE, stage=stage))
    assert output.lines("stopping") == ["phone", "web", "worker", "database"]
    assert output.err.getvalue() == ""


def test_what_is_in_flight_is_finished(child, output, signals, tmp_path):
    finishing = """
        import signal, sys, threading
        def stop(*_):
            asked.set()
        asked = threading.Event()
        signal.signal(signal.SIGTERM, stop)
        print("ready", flush=True)
        asked.wait()
        open(sys.argv[1], "w").write("sent")
        """
    with Supervisor(output, signals) as supervisor:
        supervisor.start(child("worker", "if 1:" + finishing, tmp_path / "message"))
    assert (tmp_path / "message").read_text() == "sent"


def test_parts_of_one_stage_finish_together(child, output, signals, tmp_path):
    # Each finishes only when the other has been asked to, too.
    together = """if 1:
        import os, signal, sys
        mine, other = sys.argv[1:]
        def stop(*_):
            open(mine, "w").close()
            while not os.path.exists(other):
                pass
            sys.exit()
        signal.signal(signal.SIGTERM, stop)
        print("ready", flush=True)
        while True:
            signal.pause()
        """
    with Supervisor(output, signals) as supervisor:
        supervisor.start(child("one", together, tmp_path / "a", tmp_path / "b"))
        supervisor.start(child("two", together, tmp_path / "b", tmp_path / "a"))
    assert output.err.getvalue() == ""


def test_one_that_does_not_finish_is_killed_and_named(child, output, signals):
    with Supervisor(output, signals) as supervisor:
        stubborn = child("worker", STUBBORN, stop_limit=0.2)
        supervisor.start(stubborn)
    assert not stubborn.is_alive()
    assert output.err.getvalue() == "zamu: worker did not finish in 0 s: killed.\n"


def test_a_second_signal_hurries(child, output, signals):
    with Supervisor(output, signals) as supervisor:
        stubborn = child("worker", STUBBORN, stop_limit=3600)
        supervisor.start(stubborn)
        with pytest.raises(StopRequested):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert not stubborn.is_alive()
    assert "killed" in output.err.getvalue()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_watch(child, output, signals, signum):
    with Supervisor(output, signals) as supervisor:
        web = child("web", POLITE)
        supervisor.start(web)
        threading.Timer(0.05, os.kill, [os.getpid(), signum]).start()
        with pytest.raises(StopRequested):
            supervisor.watch()
    assert not web.is_alive()


def test_one_that_dies_is_started_again(child, output, signals, tmp_path):
    told, died = tmp_path / "told", tmp_path / "died"
    dies_once = """if 1:
        import os, signal, sys
        told, died = sys.argv[1:]
        if os.path.exists(died):
            print("again", flush=True)
            os.kill(os.getppid(), signal.SIGTERM)
            signal.pause()
        print("ready", flush=True)
        while not os.path.exists(told):
            pass
        open(died, "w").close()
        sys.exit("out of paper")
        """
    with Supervisor(output, signals, first_wait=0.01) as supervisor:
        supervisor.start(child("printer", dies_once, told, died))
        told.touch()
        with pytest.raises(StopRequested):
            supervisor.watch()
    assert output.lines("again") == ["printer"]
    died_of = "printer stopped by itself (exit code 1; its last line: out of paper)"
    assert output.err.getvalue() == f"zamu: {died_of}: starting it again in 0.01 s (1 of 5).\n"


def test_one_that_keeps_dying_is_given_up_and_the_others_are_stopped(child, output, signals, tmp_path):
    told = tmp_path / "told"
    dying = """if 1:
        import os, sys
        print("ready", flush=True)
        while not os.path.exists(sys.argv[1]):
            pass
        sys.exit(3)
        """
    with Supervisor(output, signals, restarts=2, first_wait=0.01) as supervisor:
        supervisor.start(child("web", POLITE))
        supervisor.start(child("clock", dying, told))
        told.touch()
        supervisor.watch()
    complaints = output.err.getvalue().splitlines()
    assert [line.rpartition(":")[2] for line in complaints] == [
        " starting it again in 0.01 s (1 of 2).",
        " starting it again in 0.02 s (2 of 2).",
        " giving up.",
    ]
    assert output.lines("stopping") == ["web"]


def test_one_that_does_not_start_is_told_with_its_last_line(child, output, signals):
    broken = "import sys; sys.exit('no such lane')"
    expected = r"worker did not start \(exit code 1; its last line: no such lane\)"
    with Supervisor(output, signals) as supervisor, pytest.raises(StartError, match=expected):
        supervisor.start(child("worker", broken))


def test_what_a_part_leaves_behind_is_ended_with_it(child, output, signals, dies):
    leaving = """if 1:
        import os, signal, subprocess, sys
        other = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        print(other.pid, flush=True)
        signal.pause()
        """
    with Supervisor(output, signals) as supervisor:
        web = child("web", leaving)
        web.is_ready = lambda: web.last_line != ""
        supervisor.start(web)
    assert dies(int(web.last_line))


def test_nothing_survives_the_supervisor(python, dies):
    script = """
        import signal
        from web.local.child import Child
        from web.local.guard import Guard
        from web.local.console import Output
        from web.local.console import StopSignals
        from web.local.supervisor import Supervisor
        tree = '''if 1:
            import os, subprocess, sys
            other = [sys.executable, "-c", "import os, signal; print(os.getpid(), flush=True); signal.pause()"]
            print(os.getpid(), flush=True)
            subprocess.run(other)
            '''
        output = Output()
        with StopSignals() as signals, Guard() as guard, Supervisor(output, signals) as supervisor:
            print(guard._process.pid, flush=True)
            supervisor.start(Child("web", [sys.executable, "-c", tree], env={}, output=output, guard=guard))
            supervisor.watch()
        """
    with python(script) as supervisor:
        pids = [int(supervisor.stdout.readline().rpartition("|")[2]) for _ in range(3)]
        supervisor.kill()
    assert len(set(pids)) == 3
    assert all(map(dies, pids))


def test_a_child_is_out_of_reach_of_the_terminal(child, output, signals):
    with Supervisor(output, signals) as supervisor:
        web = child("web", POLITE)
        supervisor.start(web)
        assert os.getpgid(web.process.pid) == web.process.pid != os.getpgrp()


def test_output_goes_on_after_the_terminal_has_gone(child, guard, signals):
    gone = io.StringIO()
    gone.close()
    output = Output(gone, gone)
    with Supervisor(output, signals) as supervisor:
        web = child("web", POLITE)
        web._output = output
        web.is_ready = lambda: web.last_line == "ready"
        supervisor.start(web)
    assert web.process.exit_code() == 0


def test_programs_are_started_from_the_main_thread_only(child):
    errors: list[RuntimeError] = []

    def start() -> None:
        try:
            child("web", POLITE).start()
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert errors


def test_waiting_has_an_end():
    assert not wait_until(lambda: False, limit=0)
    assert wait_until(Path.cwd().exists, limit=0)


@pytest.mark.parametrize(("ignored", "heard"), [(signal.SIGINT, True), (signal.SIGHUP, False)])
def test_nohup_stays_in_force_and_a_background_job_can_be_interrupted(ignored, heard):
    before = signal.signal(ignored, signal.SIG_IGN)
    try:
        with StopSignals():
            assert (signal.getsignal(ignored) is not signal.SIG_IGN) == heard
        assert signal.getsignal(ignored) is signal.SIG_IGN
    finally:
        signal.signal(ignored, before)
