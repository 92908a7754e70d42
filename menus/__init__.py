"""What *191*9# says, a module a journey. Importing the package registers every screen."""

from menus import book, documents, hold, home, mine, more, places, services, times

__all__ = ["book", "documents", "hold", "home", "mine", "more", "places", "services", "times"]
