"""What Zamu knows and decides. No web server, no queue, no gateway: functions that take a database session."""
