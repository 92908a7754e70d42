"""Where everything is put together: the application, the command line, health and metrics."""
