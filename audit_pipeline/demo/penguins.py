"""Palmer penguins: three species, and three islands that nearly give the species away.

Gentoo penguins were caught on Biscoe only and Chinstrap penguins on Dream only (Horst, Hill & Gorman 2020, CC0): for those
species pairs label and island cannot be told apart in these data by any analysis. A classifier of bills and flippers may
well be right, but this dataset cannot show that it is not a classifier of islands.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from audit_pipeline.errors import DataError

SPEC = """\
# Palmer Archipelago, 2007 to 2009: which species is a penguin, by its measurements?
name: penguins
data: penguins.csv
label: species
# Where and when a penguin was caught must not influence what species it is taken for.
nuisance: [island, year]
# Legitimate: males are larger. Reported, never failed.
covariates: [sex]
"""


def source() -> Path:
    """Return the CSV inside the installed package ``palmerpenguins``.

    The package is located, not imported: its ``__init__`` imports pandas, and ``importlib.resources`` would run it.
    """
    found = importlib.util.find_spec("palmerpenguins")
    for folder in found.submodule_search_locations or () if found else ():
        path = Path(folder) / "data" / "penguins.csv"
        if path.is_file():
            return path
    raise DataError(
        "the penguins' measurements come with the package palmerpenguins, which is not installed or lost its data",
        remedy="pip install --force-reinstall palmerpenguins",
    )


def write_data(path: Path) -> None:
    """Copy the table as published; missing values are written NA."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source().read_bytes())
