"""Zamu on one machine: its own PostgreSQL and Valkey, its processes, and the supervisor that keeps them.

`run.run_everything` is what `zamu run` calls; `scratch.scratch_servers` is what the tests use.
"""
