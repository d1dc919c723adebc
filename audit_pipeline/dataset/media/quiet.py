"""Silence while strange files are decoded: what is wrong with them is told once, as a problem, not by libraries in passing."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any

_LOGGERS = ("PIL", "pydicom", "tifffile")


class _Shared:
    """A setting of the whole process that holds while any caller is inside, and is undone when the last one leaves."""

    def __init__(self, *settings: Callable[[], AbstractContextManager[Any]]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._depth = 0
        self._stack = ExitStack()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                for setting in self._settings:
                    self._stack.enter_context(setting())
        try:
            yield
        finally:
            with self._lock:
                self._depth -= 1
                if self._depth == 0:
                    self._stack.close()


@contextmanager
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _no_log() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _pillow_strict() -> Iterator[None]:
    """Let Pillow refuse what is cut short, and leave the sizes to :class:`Limits`, which are checked before it decodes."""
    # Not imported for sounds; where it is imported inside, its defaults are as strict.
    image: Any = sys.modules.get("PIL.Image")
    files: Any = sys.modules.get("PIL.ImageFile")
    if image is None or files is None:
        yield
        return
    before = image.MAX_IMAGE_PIXELS, files.LOAD_TRUNCATED_IMAGES
    image.MAX_IMAGE_PIXELS, files.LOAD_TRUNCATED_IMAGES = None, False
    try:
        yield
    finally:
        image.MAX_IMAGE_PIXELS, files.LOAD_TRUNCATED_IMAGES = before


@contextmanager
def _no_stderr() -> Iterator[None]:
    with ExitStack() as stack:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()
            kept = os.dup(2)
            stack.callback(os.close, kept)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            stack.callback(os.close, nowhere)
            os.dup2(nowhere, 2)
            stack.callback(os.dup2, kept, 2)
        yield


quiet = _Shared(_no_warnings, _no_log, _pillow_strict)
"""``with quiet():`` ignores warnings and the decoders' log."""

silent = _Shared(_no_stderr)
"""``with silent():`` sends file descriptor 2 nowhere: libtiff and mpg123 write there from C, past every setting of Python.

Use it for those two alone and for as short as can be, since other threads write there too.
"""
