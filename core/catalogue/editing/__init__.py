"""Changing the catalogue by hand, a part at a time.

Every command says who changed what, from what, and where it is written
(`edit.Edit`), counts the version up, and marks the part as set by hand: the
data files leave it alone from then on (core.catalogue.importer). What is
refused is a sentence with the field at fault (core.catalogue.errors).
"""
