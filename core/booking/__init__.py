"""Places at a site: when they are free, who holds them, who has them."""
