"""The classes of objects, one file each; their order is part of the objects' numbers, so new ones come last."""

from jobs.simulation.classes import asteroid, qso, rr_lyrae_ab, sn_ia
from jobs.simulation.object_class import ObjectClass

CLASSES: tuple[ObjectClass, ...] = (rr_lyrae_ab.CLASS, sn_ia.CLASS, qso.CLASS, asteroid.CLASS)
