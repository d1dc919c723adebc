"""One file to one recording: a picture or a sound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing

from audit_pipeline.dataset.media.image import Picture, pictures
from audit_pipeline.dataset.media.limits import DEFAULT, Limits
from audit_pipeline.dataset.media.problems import Unreadable, guarded
from audit_pipeline.dataset.media.sniff import Kind, medium, sniff
from audit_pipeline.dataset.media.sound import Sound, sound
from audit_pipeline.dataset.media.source import Source, Stream, open_whole


def decode(
    what: str | os.PathLike[str] | bytes, *, name: str = "", frame: int = 0, limits: Limits = DEFAULT
) -> Picture | Sound:
    """Decode a file.

    Parameters
    ----------
    what : a path, a URL that fsspec knows, or the bytes of a file.
    name : what to call bytes in messages.
    frame : which page or frame of a picture, from 0.

    Raises
    ------
    Unreadable : it gives no recording; ``error.problem`` says why and what to do. Nothing else is raised.
    """
    source = Source.of(what, name=name)
    with guarded(source.shown), open_whole(source, limits) as stream:
        return recording_of(stream, sniff(stream), limits, frame)


def decode_frames(
    what: str | os.PathLike[str] | bytes, *, name: str = "", limits: Limits = DEFAULT
) -> Iterator[Picture]:
    """Yield all frames of a picture, one in memory at a time.

    Raises
    ------
    Unreadable : as :func:`decode`, and for a sound; it may come after some frames.
    """
    source = Source.of(what, name=name)
    with ExitStack() as stack:
        with guarded(source.shown):
            stream = stack.enter_context(open_whole(source, limits))
            kind = sniff(stream)
            if medium(kind) != "image":
                raise Unreadable("unsupported", "this is a sound", remedy="decode it with decode()")
            frames = pictures(stream, kind, limits)
        stack.callback(frames.close)
        while True:
            # Guarded one by one: what the caller does between two frames is no matter of the file.
            with guarded(source.shown):
                picture = next(frames, None)
            if picture is None:
                return
            yield picture


def recording_of(stream: Stream, kind: Kind, limits: Limits, frame: int = 0) -> Picture | Sound:
    """Decode an opened file of a known kind."""
    if medium(kind) == "sound":
        return sound(stream, kind, limits)
    with closing(pictures(stream, kind, limits, frame)) as frames:
        return next(frames)
