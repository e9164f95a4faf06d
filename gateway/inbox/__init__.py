"""The inbox: what customers say, how it is read, and what it causes."""
