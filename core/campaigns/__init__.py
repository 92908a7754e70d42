"""Campaigns: telling the owners of a backlog of documents, or correcting what was told, many at once."""
