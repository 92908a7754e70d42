"""Messages at the desk: what became of each, and the lanes in which they leave."""
