"""Agencies, services, sites, areas and offerings; where their data comes from and how far it may be told."""
