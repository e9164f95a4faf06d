"""Outages: what is off, where and until when, and telling those whom it concerns until they know it is over."""
