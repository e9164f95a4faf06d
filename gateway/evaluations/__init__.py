"""Evaluations: invitations, scores and how many were never asked."""
