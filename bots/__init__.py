"""Chat bots: faces of the same gateway, one folder a platform."""
