"""Objects of a block are the same whatever else is asked; a class is one file and one line."""

from dataclasses import replace

import numpy as np
import pytest

from jobs.simulation.blocks import BLOCK, Block
from jobs.simulation.classes import CLASSES
from jobs.simulation.epochs import Epochs
from jobs.simulation.object_class import ObjectClass
from jobs.simulation.populating import object_ids, populate
from jobs.simulation.reach import LSST_REACH, ZTF_REACH
from jobs.simulation.sky_places import galactic_latitude


def _block(kind, n=BLOCK, seed=7, index=0):
    return Block(seed, kind.name, CLASSES.index(kind), index, n)


def _epochs(n, m, reach, seed=0):
    rng = np.random.default_rng(seed)
    mjd = np.sort(rng.uniform(reach.first, reach.last, (n, m)), axis=1)
    return Epochs(np.arange(n + 1) * m, mjd.ravel(), rng.integers(0, 6, n * m))


@pytest.mark.parametrize("reach", [ZTF_REACH, LSST_REACH], ids=["ztf", "lsst"])
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.name)
def test_every_class_has_finite_light_within_the_survey(kind, reach):
    population = populate(_block(kind), kind, reach)
    flux = kind.flux(population.parameters, _epochs(BLOCK, 20, reach))
    assert flux.shape == (BLOCK * 20,) and flux.dtype == np.float64
    assert np.isfinite(flux).all() and (flux >= 0).all()
    assert ((population.dec >= reach.south) & (population.dec <= reach.north)).all()
    assert ((population.ra >= 0) & (population.ra < 360)).all() and (population.ebv > 0).all()
    for name, values in population.parameters.items():
        assert len(values) == BLOCK and np.isfinite(values).all(), name
    assert population.parameters.keys() & {"peak_mag", "mean_mag"}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.name)
def test_light_is_a_function_of_time_alone(kind):
    parameters = populate(_block(kind, 5), kind, ZTF_REACH).parameters
    epochs = _epochs(5, 40, ZTF_REACH)
    whole = kind.flux(parameters, epochs)
    order = np.arange(200).reshape(5, 40)[:, ::-3]
    some = Epochs(np.arange(6) * order.shape[1], epochs.mjd[order.ravel()], epochs.band[order.ravel()])
    np.testing.assert_array_equal(kind.flux(parameters, some), whole[order.ravel()])


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.name)
def test_how_many_are_wanted_changes_no_object(kind):
    few, all_of_them = (populate(_block(kind, n), kind, ZTF_REACH) for n in (3, BLOCK))
    for name, values in few.parameters.items():
        np.testing.assert_array_equal(values, all_of_them.parameters[name][:3])
    for name in ("number", "ra", "dec", "ebv"):
        np.testing.assert_array_equal(getattr(few, name), getattr(all_of_them, name)[:3])
    other_seed, other_block = (populate(_block(kind, 3, *other), kind, ZTF_REACH) for other in ((8, 0), (7, 1)))
    assert (other_seed.ra != few.ra).all() and (other_block.ra != few.ra).all()


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.name)
def test_only_what_is_wanted_is_drawn(kind):
    found = populate(_block(kind), kind, ZTF_REACH, lambda ra, dec: dec > 25)
    assert (found.dec > 25).all()
    assert len(found.ra) == BLOCK or (kind.position is not None and 0 < len(found.ra) < BLOCK)
    assert {len(values) for values in found.parameters.values()} == {len(found.ebv)} == {len(found.number)}
    assert len(populate(_block(kind), kind, ZTF_REACH, lambda ra, dec: dec > 90).ra) == 0


def test_a_class_is_a_file_with_draw_and_flux():
    toy = ObjectClass(
        "toy",
        "Toy",
        "periodic",
        "Toy",
        "VS",
        lambda rng, n, reach: {"mean_mag": rng.uniform(reach.bright, reach.faint, n)},
        lambda parameters, epochs: epochs.of_objects(10 ** (-0.4 * (parameters["mean_mag"] - 31.4))),
        "extragalactic",
        "star",
        0.0,
        "none",
    )
    population = populate(Block(1, "toy", len(CLASSES), 2, 4), toy, ZTF_REACH)
    flux = toy.flux(population.parameters, _epochs(4, 2, ZTF_REACH))
    np.testing.assert_allclose(31.4 - 2.5 * np.log10(flux[::2]), population.parameters["mean_mag"])
    assert np.median(np.abs(galactic_latitude(population.ra, population.dec))) > 10


def test_names_and_ids_are_unique():
    assert len({kind.name for kind in CLASSES}) == len(CLASSES)
    populations = [
        populate(replace(_block(kind, 3), index=index), kind, ZTF_REACH) for kind in CLASSES[:2] for index in (0, 1)
    ]
    numbers = np.concatenate([one.number for one in populations])
    assert len(np.unique(numbers)) == 12
    assert object_ids(populations[3], "ztf").tolist() == [f"SIM00007{256_000_000 + 256 + i:011d}" for i in range(3)]
    assert object_ids(populations[3], "lsst").tolist() == [-(7 * 10**11 + 256_000_000 + 256 + i + 1) for i in range(3)]
    assert object_ids(populations[3], "lsst").dtype == np.int64
