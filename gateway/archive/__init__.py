"""The archive: who may be reached where, and what is known against it."""
