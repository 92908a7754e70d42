"""The SMS door: gateways out, callbacks in."""
