"""Lamplighter: the messaging gateway of an electric utility."""
