"""The one error of this package."""


class StartError(Exception):
    """Something could not be started. The message is one sentence for a person: which part, and what to do."""
