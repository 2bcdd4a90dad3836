"""How strong a source's word is: what wins where two of them disagree."""

TRUTH, SPECTRUM, CATALOGUE, COMPILATION = 4, 3, 2, 1
IN_WORDS = {
    TRUTH: "the truth of a simulation, or a person's own label",
    SPECTRUM: "a spectrum",
    CATALOGUE: "a catalogue of its kind of object, a survey's own ephemeris",
    COMPILATION: "SIMBAD, a list, what nothing is known of",
}
_PREFIXES = (
    ("strix-simulator", TRUTH), ("feedback", TRUTH),
    ("spec_", SPECTRUM), ("fink_tns", SPECTRUM), ("tns", SPECTRUM), ("bts", SPECTRUM), ("xmatch_tns", SPECTRUM),
    ("xmatch_bts", SPECTRUM), ("doc_", COMPILATION), ("list_", COMPILATION), ("fink_simbad", COMPILATION),
    ("fink_gaia", COMPILATION), ("fink_crossmatch", COMPILATION),
    ("xmatch_", CATALOGUE), ("fink_", CATALOGUE), ("ztf_", CATALOGUE), ("alerce_training", CATALOGUE),
)  # fmt: skip


def rank(source: str | None) -> int:
    """The rank of a source; COMPILATION for one that is not known.

    Parameters
    ----------
    source : str or None
        As of a label.
    """
    return next((rank for prefix, rank in _PREFIXES if (source or "").startswith(prefix)), COMPILATION)
