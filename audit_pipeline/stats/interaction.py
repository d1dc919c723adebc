"""Two columns that are harmless alone and a shortcut together.

If labels are balanced over sites and over scanners but every ill patient of site A was on scanner 1 and every ill patient of site
B on scanner 2, then neither column is associated with the label, and the two together give it away. What is tested here is the
association of the label with the cells of both columns beyond what each column explains by itself.
"""

from __future__ import annotations

import numpy as np

from audit_pipeline.stats.association import ANALYTIC_EXPECTED, Association, Units, from_orthonormal, orthonormal

MAX_CELLS = 60


def interaction(
    first: Units, second: Units, rng: np.random.Generator, permutations: int
) -> tuple[Association, np.ndarray] | None:
    """Return the association of the label with cells of two columns beyond both columns, and the cell of each unit.

    Parameters
    ----------
    first, second : the same units, with columns of levels.

    Returns
    -------
    None where the cells add nothing to the columns, are too many (more than 60, or fewer than five units each), or a unit has
    several levels.

    Notes
    -----
    Label and cells are both residualised on the two columns; the p-value is that of their remaining association, by the
    chi-square distribution where every expected count is at least five, else by permuting the label's residuals (Freedman and
    Lane 1983).
    """
    crisp = all(((units.column == 0) | (units.column == 1)).all() for units in (first, second))
    if not crisp or first.mode == "within subjects":
        return None
    levels = second.column.shape[1]
    cell = first.column.argmax(axis=1) * levels + second.column.argmax(axis=1)
    seen, cell = np.unique(cell, return_inverse=True)
    m = len(cell)
    if len(seen) > MAX_CELLS or m < 5 * len(seen):
        return None
    size = np.bincount(cell).astype(np.float64)
    first_level, second_level = np.eye(first.column.shape[1])[seen // levels], np.eye(levels)[seen % levels]
    main = np.column_stack([np.ones(len(seen)), first_level, second_level])
    # All that is regressed on is the same in a cell, so the sums of each cell are all that the regressions need.
    inverse = np.linalg.pinv(main.T @ (size[:, None] * main), rcond=1e-10, hermitian=True)
    explained = main @ (inverse @ (main.T @ np.diag(size)))
    sums = np.column_stack([np.bincount(cell, column) for column in first.response.T])
    a = orthonormal(first.response - (main @ (inverse @ (main.T @ sums)))[cell])
    b = _orthonormal_cells(np.eye(len(seen)) - explained, size)
    if a.shape[1] == 0 or b.shape[1] == 0:
        return None
    table = np.column_stack([np.bincount(cell, column, len(seen)) for column in first.label.T]).T
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    analytic = bool((expected >= ANALYTIC_EXPECTED).all())
    exchange = np.zeros(m, dtype=np.int64)
    b = b[cell]
    found = from_orthonormal(a, b, (first.degrees, b.shape[1]), first.effective, analytic, exchange, rng, permutations)
    return found, cell


def _orthonormal_cells(values: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the values (cells, rank) whose repetition by the cells' sizes is an orthonormal basis of the repeated, centred
    columns of ``values``."""
    centred = values - size @ values / size.sum()
    eigenvalues, vectors = np.linalg.eigh(centred.T @ (size[:, None] * centred))
    kept = eigenvalues > 1e-9 * max(float(eigenvalues.max(initial=0.0)), 1e-300)
    return np.asarray(centred @ (vectors[:, kept] / np.sqrt(eigenvalues[kept])))
