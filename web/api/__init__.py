"""The agencies' door: /api/v1, for the systems of those who issue documents."""
