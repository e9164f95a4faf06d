"""What every room stands on, and nothing of the domain."""
