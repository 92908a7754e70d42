"""A telco on your desk: the gateway's HTTP API, its callbacks and a phone, without a SIM card.

It knows Zamu only over HTTP, as Africa's Talking would, and imports none of it. Start it with `python -m simulator`.
"""
