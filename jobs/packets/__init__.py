"""What a packet is on its way: ranges that are planned, messages, rejections, when two are the same."""
