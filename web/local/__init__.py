"""Zamu on one machine: its own PostgreSQL and Valkey, its processes, and the supervisor that keeps them.

`zamu run` calls `run.run_everything`; tests and `zamu verify-menus` call `scratch.scratch_servers`, the two servers
alone. In reading order:

    run            locks the folder, starts everything, says the welcome, waits for Ctrl-C
      folder       the data folder: made for one user, locked by one run, with its secrets
      listening    whether a port or a socket's path can be used
      console      what is printed, and the signals that ask to stop
    supervisor     starts each part, starts it again when it dies, stops all in order
      part         what every part can do; there are three kinds:
      child        one of our own processes (web, workers, clock, simulator), its lines printed under its name
      postgres     PostgreSQL; `place` says in which folder it lives, and as which user when we are root
      valkey       Valkey
    process        a program in a group of its own, which ends when we end; under it two scripts:
      launch       becomes the program, having asked the kernel to end it with us (every part)
      guard        ends the groups of our own processes when we were killed (every child)
    scratch        PostgreSQL and Valkey for a test-suite, gone afterwards
    errors         StartError: one sentence for a person, whichever part it was
"""
