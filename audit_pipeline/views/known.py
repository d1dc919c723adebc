"""The views that should tell nothing of the label, whatever is audited: what each is, and how far it may carry label honestly."""

from __future__ import annotations

from dataclasses import dataclass

from audit_pipeline.spec import AuditSpec
from audit_pipeline.views.recordings.registry import recording_views
from audit_pipeline.views.table import table_views

HEADER_DOCS = {
    "file": "What the header says that depends on what was recorded: size, duration, brightness, loudness, exposure.",
    "name": "What the name of the file says: its parts, its shape, its ending.",
}

BACKGROUND = frozenset({"missingness", "rounding", "blockiness", "border", "noise", "vignetting", "edges", "silence"})
"""Views of what surrounds a recording. The others hold a share of what was recorded itself, so that the label may stand in them:
so does ``clipping``, since how high the peaks of a voice are over its level follows from its formants."""

MARKS = frozenset({"missingness", "rounding"})
"""Views whose columns are marks of yes and no, all in one unit."""


@dataclass(frozen=True)
class KnownView:
    """A view of an audit's data.

    Parameters
    ----------
    name : as ``label_free:`` in a spec and the rows of evidence have it.
    doc : what it holds, in a sentence.
    empty : why there may be nothing to see in it.
    background : whether it holds what surrounds a recording and nothing of what was recorded itself.
    marks : whether its columns are marks of yes and no, in one unit.
    """

    name: str
    doc: str
    empty: str
    background: bool
    marks: bool


def known_views(spec: AuditSpec) -> tuple[KnownView, ...]:
    """Return the views of an audit, in the order of their names."""
    if spec.medium is None:
        found = {view.name: (view.doc.splitlines()[0], view.empty) for view in table_views()}
    else:
        same = "it is the same for all recordings"
        found = {view.name: (view.doc.splitlines()[0], same) for view in recording_views(spec.medium)}
        found |= {name: (doc, same) for name, doc in HEADER_DOCS.items()}
    return tuple(KnownView(name, *found[name], name in BACKGROUND, name in MARKS) for name in spec.views)
