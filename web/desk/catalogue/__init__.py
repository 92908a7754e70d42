"""The catalogue at the desk: what is said of services and centres, and what is given where."""
