"""Messages on their way: the queue, the hand-over, and what the carriers said."""
