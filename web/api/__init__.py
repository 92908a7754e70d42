"""The agencies' door, /api/v1: what their systems register, move, read and are told of.

Each module is a part of it. What all share (key, scope, rate, idempotency, the
shape of what is refused) is in `door` and `problems`; the OpenAPI document is
made from the very declarations that check what comes in.
"""
