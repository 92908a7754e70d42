"""The commands of an operator, a module a subject: each parses, calls the core and prints."""
