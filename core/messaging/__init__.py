"""The outbox: messages, their templates and lanes, and what became of them."""
