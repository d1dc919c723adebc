"""From files of recordings to rows: found, examined and looked at once, in worker processes, and remembered by content.

The stage ``dataset`` asks :mod:`~.ingest` for what they need of a list of files. Rows are kept in a cache under the digest of the
file's bytes, so that a second run decodes nothing, and a run that was killed goes on where it stopped.
"""

from __future__ import annotations
