"""The day at a centre: who is expected, who has come, and what became of them; also where paper had to do."""
