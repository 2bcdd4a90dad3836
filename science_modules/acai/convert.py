"""The published ACAI networks (Keras 2 .h5) as ONNX."""

from science_modules.common.keras_onnx import BLOCK, Graph, read_weights


def to_onnx(h5: bytes) -> bytes:
    """One ACAI network: inputs `features` (n, 25) and `triplets` (n, 8, 60, 60), output a score (n, 1).

    Parameters
    ----------
    h5 : bytes
        The published file.

    Returns
    -------
    bytes
        The ONNX file; the same bytes every time.

    Notes
    -----
    Layers as in the model_config of the published file; dense branch first in the concatenation. Of 63 x 63
    pixels the last three rows and columns reach only what the poolings drop, so they are not asked for. Five planes
    more, which are zero, are: see Graph.separable_conv. The first leaves every bit as it is, the second moves scores by
    2e-6 at most (1,301 real alerts); both take a fifth of the time off.
    """
    graph = Graph(read_weights(h5))
    image = graph.separable_conv(graph.separable_conv("triplets", "conv_conv_1"), "conv_conv_2")
    image = graph.max_pool(image, 2)
    image = graph.separable_conv(graph.separable_conv(image, "conv_conv_3"), "conv_conv_4")
    image = graph.global_average(graph.max_pool(image, 2))
    fields = graph.dense(graph.dense("features", "dense_fc_1"), "dense_fc_2")
    head = graph.dense(graph.concat(fields, image), "fc_1")
    return graph.serialised({"features": [25], "triplets": [BLOCK, 60, 60]}, graph.dense(head, "score", "Sigmoid"))
