"""What to audit: the YAML that a user writes, validated with messages that a person can act on."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from audit_pipeline.errors import SpecError, did_you_mean, shorten

MAX_SPEC_BYTES = 1_000_000
"""A spec is a page of text; anything larger is not one."""

SCHEMA_VERSION = 1

TABLE_VIEWS = ("missingness", "rounding")
"""Views of a table that ``label_free:`` can name; ``views.table`` finds their code, a test keeps both equal."""

IMAGE_VIEWS = ("blockiness", "border", "colour", "file", "name", "noise", "thumbnail", "vignetting")
AUDIO_VIEWS = ("clipping", "edges", "file", "name", "silence", "spectrum")
"""The same for images and sounds; ``views.known`` finds their code."""

BASELINES = ("linear", "trees", "network")
"""Models whose scores an audit explains; ``models.baselines`` has their code, a test keeps both equal."""

CNN = "cnn"
"""A network that sees the recordings themselves; ``models.cnn`` has its code."""

RECORDING_BASELINES = ("linear", CNN)
"""Models that are trained on recordings where the spec names none: boosted trees on hundreds of columns take too long."""

FILE = "file."
"""Columns of this prefix come from the headers of the recordings, see ``dataset.media``."""

EVERY_COLUMN = "*"
"""Stands for all columns under ``missing:``."""


class Policy(BaseModel):
    """Thresholds of the decision table. They are policy, not statistics: change them without recomputing evidence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Family-wise error rate over the metadata columns (Holm)."""
    association: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Tolerated association of label and column, as bias-corrected Cramér's V."""
    separability: Annotated[float, Field(gt=0.5, lt=1)] = 0.6
    """Tolerated readability of the column from the data given the label, as an AUC."""
    overlap: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Below this overlap of two labels over the levels of a column, the two are aliased."""
    unreadable: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Up to this share of recordings may be unreadable; with more there is no audit."""


class AuditSpec(BaseModel):
    """One audit. See ``docs/spec.md`` for every key; paths are relative to the file that the spec was read from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    data: str | tuple[str, ...]
    label: str
    subject: str | None = None
    nuisance: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    features: tuple[str, ...] | None = None
    image: str | None = None
    """Column with the path or URL of an image for each record: models see the images instead of columns."""
    audio: str | None = None
    """The same for sounds."""
    encoder: str | None = None
    """Instead of the built-in embedding of recordings, see ``models.encoders``: ``timm:MODEL``, ``openwakeword`` ..."""
    weights: str | None = None
    """File with the encoder's weights."""
    ignore: tuple[str, ...] = ()
    """Columns that neither the model nor the audit looks at."""
    missing: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What means a missing value, by column; under :data:`EVERY_COLUMN` in all. Numbers are matched as numbers."""
    order: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Levels from low to high, by column, for a label or metadata column whose levels have an order."""
    split: str | None = None
    label_free: tuple[str, ...] = ()
    """Views of the data (:attr:`views`) that cannot carry the label honestly; if they predict it, the dataset fails."""
    baselines: tuple[str, ...] = ()
    """Models to train; by default all of :data:`BASELINES`, or :data:`RECORDING_BASELINES`. Severity is told for the best of
    them; no nuisance column is judged by them."""
    policy: Policy = Policy()
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    schedule: str | None = None

    @field_validator("nuisance", "covariates", "features", "ignore", "label_free", "baselines", "data", mode="before")
    @classmethod
    def _one_name_is_a_list(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("nuisance", "covariates", "features", "ignore", "label_free", "baselines", mode="before")
    @classmethod
    def _accept_a_single_name(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("missing", mode="before")
    @classmethod
    def _marks_by_column(cls, value: Any) -> Any:
        if value is None:
            return {}
        by_column = value if isinstance(value, Mapping) else {EVERY_COLUMN: value}
        return {str(column): _marks(by_column[column]) for column in sorted(by_column, key=str)}

    @field_validator("order", mode="before")
    @classmethod
    def _levels_as_text(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError(  # noqa: TRY004  (pydantic explains ValueErrors)
                "is a mapping of columns to their levels from low to high, as in `order: {grade: [low, high]}`"
            )
        # YAML reads the level 1 as a number; columns of numbers name their levels without decimals.
        return {str(column): tuple(str(level) for level in levels) for column, levels in value.items()}

    @field_validator("name")
    @classmethod
    def _name_has_letters(cls, value: str) -> str:
        if not re.search(r"[A-Za-z0-9]", value):
            raise ValueError("needs at least one letter or digit, since it names a folder and a Dagster group")
        return value

    @field_validator("label_free")
    @classmethod
    def _each_view_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(value)))

    @field_validator("schedule")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("@") and len(value.split()) != 5:
            raise ValueError("is no cron expression; five fields are expected, e.g. '0 6 * * 1' for Mondays at six")
        return value

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> AuditSpec:
        given = [key for key in ("features", "image", "audio") if getattr(self, key)]
        if len(given) > 1:
            raise ValueError(
                f"`{given[0]}:` and `{given[1]}:` are both given; a model sees columns, or images, or sounds: keep one, "
                "and audit the other in a spec of its own"
            )
        for key in ("encoder", "weights"):
            if getattr(self, key) and self.medium is None:
                raise ValueError(f"`{key}:` is for images and sounds; add `image:` or `audio:`, or leave it out")
        if self.weights and not self.encoder:
            raise ValueError("`weights:` are those of an encoder; name it under `encoder:`")
        for name in self.label_free:
            if name not in self.views:
                raise ValueError(
                    f"there is no view {name!r}{did_you_mean(name, list(self.views))}; the views are {', '.join(self.views)}"
                )
        known = (*BASELINES, CNN) if self.medium else BASELINES
        for name in self.baselines:
            if name not in known:
                hint = did_you_mean(name, list(known))
                raise ValueError(f"there is no baseline {name!r}{hint}; they are {', '.join(known)}")
        if not self.baselines and "baselines" in self.model_fields_set:
            raise ValueError(
                f"`baselines:` names no model; they are {', '.join(known)}, or leave the key out for the default"
            )
        default = RECORDING_BASELINES if self.medium else BASELINES
        # Frozen for everybody else: what was left out is filled in once, so that the digest tells it.
        object.__setattr__(self, "baselines", tuple(name for name in known if name in (self.baselines or default)))
        return self

    @model_validator(mode="after")
    def _one_role_a_column(self) -> AuditSpec:
        seen: dict[str, str] = {}
        for role, columns in self.roles().items():
            for column in columns:
                if column in seen:
                    raise ValueError(
                        f"column {column!r} is named both as {seen[column]} and as {role}; a column has one role"
                        if seen[column] != role
                        else f"column {column!r} is named twice as {role}; name it once"
                    )
                seen[column] = role
        ordered = {self.label, *self.nuisance, *self.covariates}
        for column in self.order:
            if column not in ordered:
                raise ValueError(
                    f"`order:` names {column!r}, which is neither the label nor metadata{did_you_mean(column, ordered)}"
                )
        return self

    def roles(self) -> dict[str, tuple[str, ...]]:
        """Return the declared columns by role: label, subject, nuisance, covariates, split, features, image, audio, ignore."""
        return {
            "label": (self.label,),
            "subject": (self.subject,) if self.subject else (),
            "nuisance": self.nuisance,
            "covariates": self.covariates,
            "split": (self.split,) if self.split else (),
            "features": self.features or (),
            "image": (self.image,) if self.image else (),
            "audio": (self.audio,) if self.audio else (),
            "ignore": self.ignore,
        }

    @property
    def medium(self) -> Literal["image", "audio"] | None:
        """What is audited: images, sounds, or (None) the columns of a table."""
        return "image" if self.image else "audio" if self.audio else None

    @property
    def recording(self) -> str | None:
        """The column with the recordings' paths."""
        return self.image or self.audio

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views that should tell nothing of the label, sorted."""
        return {"image": IMAGE_VIEWS, "audio": AUDIO_VIEWS, None: TABLE_VIEWS}[self.medium]

    @property
    def slug(self) -> str:
        """The name as an identifier: lower case, digits and underscores; Dagster's group and key use it."""
        slug = re.sub(r"[^a-z0-9]+", "_", self.name.casefold()).strip("_")
        return slug or "audit"

    @property
    def data_paths(self) -> tuple[str, ...]:
        """The data as a tuple of paths or globs."""
        return (self.data,) if isinstance(self.data, str) else self.data

    def content(self) -> dict[str, Any]:
        """Return what decides the result: every key but ``schedule`` and what digests of content stand for: data and weights."""
        return self.model_dump(mode="json", exclude={"schedule", "data", "weights"})

    def digest(self) -> str:
        """Return the SHA-256 of :meth:`content` as canonical JSON."""
        canonical = json.dumps(self.content(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def _marks(value: Any) -> tuple[str, ...]:
    """Return marks of missing values as text, each once and sorted: ``-9``, ``-9.0`` and ``"-9"`` are the same mark."""
    marks = value if isinstance(value, list | tuple) else (value,)
    return tuple(sorted({_mark(mark) for mark in marks}))


def _mark(value: Any) -> str:
    # bool is a kind of int, and YAML reads NO and off as one.
    if isinstance(value, bool) or value is None:
        shown = "null" if value is None else str(value).lower()
        raise ValueError(f"YAML reads this mark as {shown}; put it in quotes")
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise ValueError("infinities and NaN are missing anyway; leave them out")
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        raise ValueError("a mark is a text or a number, as in `missing: ['?', -9]` or `missing: {chol: [0]}`")  # noqa: TRY004  (pydantic explains ValueErrors)
    if not value.strip():
        raise ValueError("empty cells are missing anyway; leave this mark out")
    return value.strip()


class _PlainLoader(yaml.SafeLoader):
    """SafeLoader that refuses repeated keys, and aliases (a few of them can expand into gigabytes)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not accepted in a spec", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} appears twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def load_spec(path: Path) -> AuditSpec:
    """Read and validate a spec file; relative data paths are resolved against its folder.

    Raises
    ------
    SpecError : the file is missing, too large, no YAML, or breaks a rule; the message names the line or the key.
    """
    if not path.is_file():
        nearby = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        hint = f"; in that folder: {', '.join(nearby[:5])}" if nearby else ""
        raise SpecError(f"there is no such spec file{hint}", file=path, remedy="check the path of the YAML file")
    if path.stat().st_size > MAX_SPEC_BYTES:
        raise SpecError(
            f"the spec has {path.stat().st_size:,} bytes",
            file=path,
            expected=f"a YAML page of at most {MAX_SPEC_BYTES:,} bytes",
            remedy="was the data file given instead of the spec?",
        )
    try:
        text = path.read_text(encoding="utf-8")
        raw = yaml.load(text, Loader=_PlainLoader)  # noqa: S506  (a SafeLoader subclass)
    except UnicodeDecodeError as error:
        raise SpecError("the spec is not UTF-8 text", file=path, remedy="save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        row = error.problem_mark.line + 1 if error.problem_mark else None
        raise SpecError(
            f"not valid YAML: {error.problem}",
            file=path,
            row=row,
            remedy="mend that line; see docs/spec.md for an example",
        ) from error
    except yaml.YAMLError as error:
        raise SpecError(f"not valid YAML: {error}", file=path, remedy="see docs/spec.md for an example") from error
    return parse_spec(raw, file=path)


def parse_spec(raw: Any, *, file: Path | None = None, base: Path | None = None) -> AuditSpec:
    """Validate a mapping as a spec.

    Parameters
    ----------
    raw : what the YAML held.
    file : where it came from, for messages; its folder is the base of relative data paths.
    base : base of relative data paths when there is no file.

    Raises
    ------
    SpecError : with a suggestion for unknown keys and the rule that was broken otherwise.
    """
    if not isinstance(raw, Mapping):
        raise SpecError(
            f"a spec is a mapping of keys to values, this is {'empty' if raw is None else type(raw).__name__}",
            file=file,
            remedy="start with `name:`, `data:`, `label:` and `nuisance:`; see docs/spec.md",
        )
    try:
        spec = AuditSpec.model_validate(dict(raw))
    except ValidationError as error:
        raise _explain(error, file) from error
    base = file.resolve().parent if file is not None else base
    if base is None:
        return spec
    resolved = tuple(_resolve(base, path) for path in spec.data_paths)
    weights = _resolve(base, spec.weights) if spec.weights else None
    return spec.model_copy(update={"data": resolved[0] if isinstance(spec.data, str) else resolved, "weights": weights})


def _resolve(base: Path, path: str) -> str:
    # A URL such as s3://bucket/key is left alone; anything else is a path relative to the spec.
    return path if "://" in path else os.path.normpath((base / os.path.expanduser(path)).absolute())


def _explain(error: ValidationError, file: Path | None) -> SpecError:
    """Turn pydantic's first complaint into one sentence and a remedy; further ones are counted, not dumped."""
    problems = error.errors(include_url=False)
    first = problems[0]
    key = ".".join(
        str(part) for part in first["loc"] if not isinstance(part, int) and part not in {"str", "tuple[str, ...]"}
    )
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    known = list(Policy.model_fields) if key.startswith("policy.") else list(AuditSpec.model_fields)
    if first["type"] == "extra_forbidden":
        leaf = key.rsplit(".", 1)[-1]
        return SpecError(
            f"unknown key {leaf!r}{did_you_mean(leaf, known)}{more}",
            file=file,
            expected="one of " + ", ".join(known),
            remedy="rename or remove the key",
        )
    if first["type"] == "missing":
        return SpecError(f"the key {key!r} is missing{more}", file=file, remedy=f"add `{key}: ...`; see docs/spec.md")
    message = first["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(first.get("input"), dict | AuditSpec) else f" (found {shorten(first.get('input'))})"
    return SpecError(
        f"{key}: {message}{shown}{more}" if key else f"{message}{more}",
        file=file,
        remedy="change that key; docs/spec.md says what each one takes",
    )
