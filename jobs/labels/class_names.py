"""Our names of classes, and what the vocabularies of others are in them: the one place.

A leaf is one of ALeRCE's light-curve classifier (Sanchez-Saez et al. 2021, AJ 161, 141), or a name of its own where that has
none; above it stands a coarse class, one of the stamp classifier's (Carrasco-Davis et al. 2021, AJ 162, 231) or, for the
rare extragalactic transients that it does not know, the leaf's own name.
"""

import re

COARSE = ("AGN", "SN", "VS", "asteroid", "bogus", "TDE", "Kilonova", "FBOT")
_LEAVES = {
    "SN": ("SNIa", "SNIbc", "SNII", "SLSN"),
    "AGN": ("QSO", "Blazar"),
    "VS": (
        *("YSO", "CV/Nova", "LPV", "E", "DSCT", "RRL", "CEP", "Periodic-Other"),
        *("Flare", "Microlensing", "Symbiotic"),
    ),
    "asteroid": ("Asteroid",),
    "bogus": ("Bogus", "Satellite"),
}
_COARSE_OF = {name: name for name in COARSE} | {leaf: up for up, leaves in _LEAVES.items() for leaf in leaves}
NAMES = tuple(_COARSE_OF)

# What a label says of itself that it is not sure. A label with a question is none.
_DOUBT = re.compile(r"candidate|ambiguous|\?|:$|\|")
# The first pattern that is found in the label, in lower case, decides. Vocabularies: TNS and BTS types, SIMBAD's object types
# (old and new, condensed and in words), GCVS and VSX types (Samus et al. 2017), CRTS, LINEAR, 4LAC, 3HSP, SPICY, Gaia.
_PATTERNS = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"^slsn|superlum", "SLSN"),
        (r"^(sn ?)?i?bn$|^sn ?i(b|c)|^snibc$|^sn ?ib/c", "SNIbc"),
        (r"^sn ?ia|^sn iax|^iax$", "SNIa"),
        (r"^sn ?ii", "SNII"),
        (r"^sn$|^sn\*$|^supernova", "SN"),
        (r"^tde", "TDE"),
        (r"^kilonova$|^kn$", "Kilonova"),
        (r"^fbot", "FBOT"),
        (r"^qso$|quasar|^q$", "QSO"),
        (r"^bl ?lac|^bll$|^bcu$|^fsrq$|blazar|^3hsp|^4fgl|^bzb|^bzq", "Blazar"),
        (r"^agn$|seyfert|^sy[12gn]|^liner$|^lin$|^dwarf_agn$", "AGN"),
        (r"^rr ?lyr|^rr(\*|ab|c|d)?($|/|\+)|rr_lyrae|^rrl$", "RRL"),
        (r"cep|^dcep|^cw[ab]?$|^rv[ab]?$|wvir|type2cep", "CEP"),
        (r"delsct|^dsct|^hads|^sxphe|^delta ?sct|pulsv\*sx", "DSCT"),
        (r"^e(w|a|b|c|d|sd)?($|/|\+)|^eb\*|eclbin|binary_star|contact_eb|^ecl", "E"),
        (r"^zand|^symbiotic|^sy\*", "Symbiotic"),
        (r"cataclys|^cv|^nova|^ug|^nl|^am$|^xm$|^xpm$|^na$|^nb$|magnetic_cv|^e\+nl", "CV/Nova"),
        (r"^yso|ttau|^tts|^class(i|ii|iii)$|^fs$|^in[abst]*$|orionv|^or\*|^ae\*|^uxor|^exor|^fuor", "YSO"),
        (r"^lpv|^lp\*|^mira|^m$|^sr[abcd]?$|^l[bc]?$|longperiod|long_periodic|^osarg", "LPV"),
        (r"^uv$|flare", "Flare"),
        (r"^rot|^rs($|:)|rscvn|^by|^ro\*|^ellip|^acv|^gdor|gammador|multi_periodic", "Periodic-Other"),
        (r"^v\*|^var$|pulsv|^misc$|^rcb$|^be$|^gcas|^puls|variable|^irregular|eruptive|horbranch|^hb\*", "VS"),
        (r"^asteroid$|^sso$|^mpc", "asteroid"),
        (r"^satellite$", "Satellite"),
        (r"^bogus$|artefact|artifact", "bogus"),
    )
)


def coarse(name: str) -> str:
    """The coarse class above a name; a coarse class itself stays.

    Parameters
    ----------
    name : str
        One of NAMES.

    Raises
    ------
    ValueError
        If it is none; says what there is.
    """
    if name not in _COARSE_OF:
        raise ValueError(f"{name!r} is no class name; there are {', '.join(NAMES)}")
    return _COARSE_OF[name]


def finer(one: str, other: str) -> str | None:
    """The finer of two names that do not contradict each other; None if they do.

    Parameters
    ----------
    one, other : str
        Of NAMES.
    """
    if one == other or other == coarse(one):
        return one
    return other if one == coarse(other) else None


def class_of(label: str | None, file_says: str | None = None) -> str | None:
    """A label of somebody else in our names; None where it is no class of ours, or says that it is not sure.

    Parameters
    ----------
    label : str or None
        As the file has it, e.g. `(TNS) SN Ia`, `RRAB/BL`, `QSO`.
    file_says : str or None
        The coarse class that the file derives of it. Where it is one of ours it holds, and the label can only make it finer.
    """
    name = _told(label)
    if file_says not in COARSE:
        return None if file_says else name
    return name if name is not None and coarse(name) == file_says else file_says


def _told(label: str | None) -> str | None:
    text = re.sub(r"^\([a-z]+\) ", "", (label or "").strip().lower())
    if label in _COARSE_OF:
        return label
    if not text or _DOUBT.search(text):
        return None
    return next((name for pattern, name in _PATTERNS if pattern.search(text)), None)
