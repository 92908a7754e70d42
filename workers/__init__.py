"""Work that nobody waits for: RQ workers hand over messages, and a clock does what time asks for."""
