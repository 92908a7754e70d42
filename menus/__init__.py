"""What *191*9# says, a module a journey. Importing the package registers every screen."""

from menus import book, documents, home, mine, more, places, services, times

__all__ = ["book", "documents", "home", "mine", "more", "places", "services", "times"]
