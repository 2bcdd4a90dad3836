"""Messages to Arrow: Avro containers, Confluent wire messages and bare datums, in any mixture of schema versions."""

from jobs.corridor.decode.decoder import Decoder
from jobs.corridor.decode.limits import Limits
from jobs.corridor.decode.messages import Decoded, Group, Message, Refused

__all__ = ["Decoded", "Decoder", "Group", "Limits", "Message", "Refused"]
