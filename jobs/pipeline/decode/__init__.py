"""Messages to Arrow: Avro containers, Confluent wire messages and bare datums, in any mixture of schema versions."""
