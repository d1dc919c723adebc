"""What goes into a paper, a pull request or a data repository: the facts of an audit in other forms than the page.

Sentences are made as plain text (:mod:`methods`, :mod:`results`), so that JSON and Markdown tell the same; whatever came
from data is made harmless where a document is put together, by :mod:`markdown` or by JSON itself. Nothing here judges.
"""
