"""The sandbox: an embedded carrier, a wall of handsets, the test clock, sample data."""
