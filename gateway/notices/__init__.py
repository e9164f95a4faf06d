"""Notices: what we decide to tell, to whom, when and in which words."""
