"""Migrations of the database. A release's migrations are readable by the release before it."""
