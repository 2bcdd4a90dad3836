"""The published ACAI networks (Keras 2 .h5) as ONNX."""

from science_modules.common.keras_onnx import Graph, read_weights


def to_onnx(h5: bytes) -> bytes:
    """One ACAI network: inputs `features` (n, 25) and `triplets` (n, 3, 63, 63), output a score (n, 1).

    Notes
    -----
    Layers as in the model_config of the published file; dense branch first in the concatenation.
    """
    graph = Graph(read_weights(h5))
    image = graph.separable_conv(graph.separable_conv("triplets", "conv_conv_1"), "conv_conv_2")
    image = graph.max_pool(image, 2)
    image = graph.separable_conv(graph.separable_conv(image, "conv_conv_3"), "conv_conv_4")
    image = graph.global_average(graph.max_pool(image, 2))
    fields = graph.dense(graph.dense("features", "dense_fc_1"), "dense_fc_2")
    head = graph.dense(graph.concat(fields, image), "fc_1")
    return graph.serialised({"features": [25], "triplets": [3, 63, 63]}, graph.dense(head, "score", "Sigmoid"))
