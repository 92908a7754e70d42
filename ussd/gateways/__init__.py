"""One module a gateway: its form in, a Hop out."""
