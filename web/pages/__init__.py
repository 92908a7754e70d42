"""What the pages of the portal and the desk share: a module for each question that comes up again and again.

What surrounds a page (`frame`, `look`), and what is said when there is none
(`refusals`); forms that do something once (`forms`), how often they may be sent
(`limits`). In addresses: numbers (`reading`), where a page of a list ended
(`paging`), whom it is about (`tokens`). As answers: a page that keeps itself up
to date (`live`), a file to save (`downloads`), a picture to scan (`qr`).
"""
