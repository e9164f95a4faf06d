"""The web: the HTTP interface, the carriers' webhooks and the console."""
