"""Closures and capacity: who is hit is shown first, and nobody is left on a closed time."""
