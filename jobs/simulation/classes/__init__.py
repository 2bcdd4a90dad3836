"""The classes of objects, one file each; their order is part of the objects' numbers, so new ones come last."""

from jobs.simulation.classes import rr_lyrae_ab
from jobs.simulation.object_class import ObjectClass

CLASSES: tuple[ObjectClass, ...] = (rr_lyrae_ab.CLASS,)
