"""The literature that methods paragraphs cite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reference:
    """A work as a list of references has it; ``doi`` is None for books and papers that have none."""

    key: str
    cited: str
    full: str
    doi: str | None = None

    @property
    def address(self) -> str | None:
        """The address that resolves the DOI."""
        return None if self.doi is None else f"https://doi.org/{self.doi}"

    def as_dict(self) -> dict[str, Any]:
        """Return the reference as JSON-able values."""
        return {"key": self.key, "reference": self.full, "doi": self.doi}


_ALL = (
    Reference(
        "berger1982",
        "Berger 1982",
        "Berger RL. Multiparameter hypothesis testing and acceptance sampling. Technometrics 24(4):295–300, 1982.",
        "10.1080/00401706.1982.10487790",
    ),
    Reference(
        "bergsma2013",
        "Bergsma 2013",
        "Bergsma W. A bias-correction for Cramér's V and Tschuprow's T. Journal of the Korean Statistical Society "
        "42(3):323–328, 2013.",
        "10.1016/j.jkss.2012.10.002",
    ),
    Reference(
        "berrett2020",
        "Berrett et al. 2020",
        "Berrett TB, Wang Y, Barber RF, Samworth RJ. The conditional permutation test for independence while controlling for "
        "confounders. Journal of the Royal Statistical Society B 82(1):175–197, 2020.",
        "10.1111/rssb.12340",
    ),
    Reference(
        "besag1991",
        "Besag and Clifford 1991",
        "Besag J, Clifford P. Sequential Monte Carlo p-values. Biometrika 78(2):301–304, 1991.",
        "10.1093/biomet/78.2.301",
    ),
    Reference(
        "facco2017",
        "Facco et al. 2017",
        "Facco E, d'Errico M, Rodriguez A, Laio A. Estimating the intrinsic dimension of datasets by a minimal neighborhood "
        "information. Scientific Reports 7:12140, 2017.",
        "10.1038/s41598-017-11873-y",
    ),
    Reference(
        "freedman1983",
        "Freedman and Lane 1983",
        "Freedman D, Lane D. A nonstochastic interpretation of reported significance levels. Journal of Business & Economic "
        "Statistics 1(4):292–298, 1983.",
        "10.1080/07350015.1983.10509354",
    ),
    Reference(
        "holm1979",
        "Holm 1979",
        "Holm S. A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6(2):65–70, 1979.",
    ),
    Reference(
        "janes2009",
        "Janes and Pepe 2009",
        "Janes H, Pepe MS. Adjusting for covariate effects on classification accuracy using the covariate-adjusted receiver "
        "operating characteristic curve. Biometrika 96(2):371–382, 2009.",
        "10.1093/biomet/asp002",
    ),
    Reference(
        "ledell2015",
        "LeDell et al. 2015",
        "LeDell E, Petersen M, van der Laan M. Computationally efficient confidence intervals for cross-validated area under the "
        "ROC curve estimates. Electronic Journal of Statistics 9(1):1583–1607, 2015.",
        "10.1214/15-EJS1035",
    ),
    Reference(
        "phipson2010",
        "Phipson and Smyth 2010",
        "Phipson B, Smyth GK. Permutation p-values should never be zero: calculating exact p-values when permutations are "
        "randomly drawn. Statistical Applications in Genetics and Molecular Biology 9(1):39, 2010.",
        "10.2202/1544-6115.1585",
    ),
    Reference(
        "smithson2003",
        "Smithson 2003",
        "Smithson M. Confidence Intervals. Sage, Thousand Oaks, 2003.",
        "10.4135/9781412983761",
    ),
    Reference(
        "spisak2022",
        "Spisak 2022",
        "Spisak T. Statistical quantification of confounding bias in machine learning models. GigaScience 11:giac082, 2022.",
        "10.1093/gigascience/giac082",
    ),
    Reference(
        "westfall1993",
        "Westfall and Young 1993",
        "Westfall PH, Young SS. Resampling-Based Multiple Testing: Examples and Methods for p-Value Adjustment. Wiley, New York, "
        "1993.",
    ),
    Reference(
        "winkler2015",
        "Winkler et al. 2015",
        "Winkler AM, Webster MA, Vidaurre D, Nichols TE, Smith SM. Multi-level block permutation. NeuroImage 123:253–268, 2015.",
        "10.1016/j.neuroimage.2015.05.092",
    ),
)

REFERENCES = {reference.key: reference for reference in _ALL}

GEBRU = Reference(
    "gebru2021",
    "Gebru et al. 2021",
    "Gebru T, Morgenstern J, Vecchione B, Vaughan JW, Wallach H, Daumé III H, Crawford K. Datasheets for datasets. "
    "Communications of the ACM 64(12):86–92, 2021.",
    "10.1145/3458723",
)


def cite(*keys: str) -> str:
    """Return a citation as it stands in a sentence, ``(Berger 1982; Holm 1979)``."""
    return f"({'; '.join(REFERENCES[key].cited for key in keys)})"


def cited_in(paragraph: str) -> tuple[Reference, ...]:
    """Return the works that a paragraph cites by :func:`cite`, in the order of the list."""
    return tuple(reference for reference in _ALL if reference.cited in paragraph)


def listed(references: Iterable[Reference]) -> list[str]:
    """Return references as plain lines, with their DOIs."""
    return [f"{each.full}{f' doi:{each.doi}' if each.doi else ''}" for each in references]
