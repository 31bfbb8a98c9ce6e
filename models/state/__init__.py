"""What is remembered of each meter: the row and the ring, and the partition that owns them."""
