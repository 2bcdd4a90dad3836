"""Messages to Arrow: Avro containers, Confluent wire messages and bare datums, in any mixture of schema versions."""

from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.limits import Limits
from jobs.pipeline.decode.messages import Decoded, Group, Refused

__all__ = ["Decoded", "Decoder", "Group", "Limits", "Refused"]
