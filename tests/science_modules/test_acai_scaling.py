"""Fields as networks of ACAI that are trained here see them."""

import numpy as np

from science_modules.acai.scaling import FARTHEST, Scaling


def test_fields_are_normalised_by_median_and_quartiles_and_sentinels_are_flags() -> None:
    features = np.random.default_rng(1).normal(18, 2, (4000, 25)).astype(np.float32)
    features[:400, 3] = -999.0
    features[7, 5] = 1e9
    features[:, 8] = 4.0
    scaling = Scaling.of(features)
    found = scaling(features)
    assert found.shape == (4000, 50)
    assert abs(scaling.middle[3] - 18) < 0.2  # what is absent has no part in it
    np.testing.assert_allclose(found[:, 0].std(), 1, atol=0.1)
    assert (found[:400, 3] == 0).all() and (found[:400, 28] == 1).all() and found[400:, 28].sum() == 0
    assert found[7, 5] == FARTHEST
    assert (found[:, 8] == 0).all()  # the same for all says nothing


def test_a_field_that_nobody_knows_is_all_flag() -> None:
    features = np.full((10, 25), -999.0, np.float32)
    found = Scaling.of(features)(features)
    assert (found[:, :25] == 0).all() and (found[:, 25:] == 1).all()
