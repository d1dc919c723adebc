"""Words by which people name columns, in English, German, French and Spanish, without accents and in lower case.

Medicine, speech, biology and industry call the same things by different names; what counts is the role that a column with
such a name nearly always has. A word that means one thing in one field and another in the next is left out.
"""

from __future__ import annotations

import re
import unicodedata


def _set(words: str, *, by: str | None = None) -> frozenset[str]:
    return frozenset(words.split(by))


LABEL = _set(
    "label labels target class outcome diagnosis dx disease ill illness sick malignant malignancy cancer tumor tumour "
    "pathology pathological finding findings phenotype response responder survived survival died dead death "
    "mortality readmission relapse recurrence metastasis progression severity stage grade stadium murmur dementia covid "
    "infection infected positive depressed depression autism "
    "species category emotion digit word command intent spoof sentiment "
    "defect defective fault faulty failure anomaly reject scrap quality churn fraud default y "
    "diagnose befund krank krankheit erkrankung klasse ziel zielgrosse zielvariable zielwert ergebnis schweregrad gestorben "
    "verstorben rezidiv schaden fehler fehlerart ausschuss ausfall "
    "diagnostic etiquette classe cible maladie malade resultat deces gravite defaut panne "
    "diagnostico etiqueta clase objetivo enfermedad enfermo resultado fallecido gravedad defecto fallo"
)
"""What a model shall predict."""

PLAIN_LABEL = _set("label target class y klasse classe clase ziel cible objetivo etiqueta")
"""Names that mean the label and nothing else."""

SUBJECT = _set(
    "subject subjects subj patient patients participant participants person speaker donor individual proband animal mouse "
    "rat twin volunteer infant child baby writer author signer user customer client mrn pid "
    "patientin probandin sprecher sprecherin versuchsperson vp tier maus spender kunde teilnehmer "
    "sujet locuteur souris donneur paciente sujeto hablante participante raton donante "
    "vehicle workpiece werkstuck bauteil"
)
"""Who or what was recorded."""

IDENTIFIER = _set(
    "id ids uid uuid guid key code nr no num number nummer index idx row rownum rowname rownames unnamed name kennung schlussel "
    "numero clave indice serial seriennummer identifier"
)
"""Words that say of a column only that it names something."""

NUISANCE = _set(
    "site sites center centre centers hospital clinic institution institute facility ward department scanner device machine "
    "manufacturer vendor scannermodel microphone micro mic headset handset camera lens instrument analyzer analyser spectrometer "
    "sequencer microscope stethoscope detector "
    "batch plate lot kit lane flowcell library chip array slide lab laboratory operator technician rater reader annotator "
    "examiner labeler labeller interviewer nurse surgeon "
    "take repetition trial recording aufnahme wiederholung repeticion "
    "protocol coil kernel reconstruction kvp tesla firmware codec bitrate samplerate "
    "acquisition session visit island station country region city province state location place room country "
    "source dataset cohort database collection origin subset weekday shift tool chamber furnace oven mold mould "
    "standort zentrum klinik krankenhaus abteilung gerat geraet hersteller mikrofon kamera labor charge los untersucher "
    "bediener schicht maschine anlage prufstand pruefstand station ort raum quelle herkunft land messgerat sitzung "
    "hopital clinique appareil fabricant laboratoire operateur lieu pays ville equipe poste atelier "
    "sitio centro clinica aparato equipo dispositivo fabricante maquina lote operador lugar laboratorio pais ciudad "
    "turno camara microfono sede estacion"
)
"""How, where and by whom a record was made; what must not influence the label."""

PHRASES = _set(
    "slice thickness|field strength|sample rate|sampling rate|pixel spacing|echo time|exposure time|flip angle|tube current|"
    "tube voltage|bit depth|image size|file format|file size|file type|work station|study description|view position|"
    "production line|assembly line|read length|sequencing depth|growth medium|cell line|room temperature|ambient temperature|"
    "number of channels|chest location|patient position|body position",
    by="|",
)
"""Words that together say how a record was made."""

TIME = _set(
    "date datum fecha dates datetime timestamp time year month day hour week quarter "
    "zeit uhrzeit jahr monat tag stunde woche annee mois jour heure semaine hora ano mes dia semana "
    "acquired recorded scanned measured aufgenommen"
)
"""When a record was made. Of numbers only a year, a month and the like count: a reaction time is a measurement."""

DATE = _set("date datum fecha dates")
"""Of these, whole numbers such as 20240131 are dates too."""

CALENDAR = _set("year month day hour week quarter jahr monat tag stunde woche annee mois jour ano mes dia")

COVARIATE = _set(
    "age sex gender ethnicity ethnic race education handedness menopause "
    "alter geschlecht ethnie bildung handigkeit sexe genre edad sexo genero etnia educacion"
)
"""What may well influence the label: reported, never failed."""

SPLIT = _set("split fold folds partition cvfold traintest testset trainset")
"""A division into training and test that exists already."""

SPLIT_LEVELS = _set(
    "train training trn test testing tst val valid validation dev devel development holdout eval evaluation"
)

TEXT = _set(
    "comment comments note notes remark remarks text description transcript transcription sentence utterance abstract "
    "bemerkung bemerkungen kommentar notiz beschreibung remarque remarques commentaire comentario observaciones nota"
)
"""Free text."""

FILE = _set(
    "file filename filepath path url uri image img audio wav video dicom datei dateiname pfad fichier archivo ruta"
)
"""Where a recording lies."""

ORDERS: tuple[tuple[str, ...], ...] = (
    ("none", "mild", "moderate", "severe", "critical"),
    ("no", "mild", "moderate", "severe"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("never", "former", "current"),
    ("very low", "low", "medium", "high", "very high"),
    ("low", "middle", "high"),
    ("small", "medium", "large"),
    ("poor", "fair", "good", "very good", "excellent"),
    ("i", "ii", "iii", "iv", "v"),
    ("0", "i", "ii", "iii", "iv"),
    ("keine", "leicht", "mittel", "schwer"),
    ("niedrig", "mittel", "hoch"),
    ("aucun", "leger", "modere", "severe"),
    ("faible", "moyen", "eleve"),
    ("ninguno", "leve", "moderado", "grave"),
    ("bajo", "medio", "alto"),
)
"""Levels with an order, from low to high."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_JOINED = re.compile(r"(?P<who>[a-z]{3,}?)(?P<id>id|ids|nr|no|code|name|key|num|number|nummer)")


def words(name: str) -> tuple[str, ...]:
    """Return the words of a column's name, without accents, in lower case.

    >>> words("PatientID"), words("acquisition_date"), words("Gerät-Nr.")
    (('patient', 'id'), ('acquisition', 'date'), ('gerat', 'nr'))
    """
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", name))
    plain = "".join(character for character in plain if not unicodedata.combining(character)).replace("ß", "ss")
    found = re.findall(r"[a-z]+|\d+", plain.casefold())
    parts: list[str] = []
    for word in found:
        joined = _JOINED.fullmatch(word)
        parts += (
            [joined["who"], joined["id"]]
            if joined and joined["who"] in SUBJECT | NUISANCE and word not in _WHOLE
            else [word]
        )
    return tuple(parts)


_WHOLE = LABEL | NUISANCE | COVARIATE | TIME | TEXT | FILE
