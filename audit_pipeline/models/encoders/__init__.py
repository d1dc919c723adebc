"""Encoders by name: what a recording means to a model that somebody else has trained.

All are optional, and nothing is ever downloaded: weights come with a package, from a file or folder, or from a cache that is
there already. Of weights' files only tensors are read, never pickled objects.
"""

from audit_pipeline.models.encoders.contract import Encoder
from audit_pipeline.models.encoders.names import get_encoder

__all__ = ["Encoder", "get_encoder"]
