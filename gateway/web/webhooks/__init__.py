"""The carriers' webhooks: the signature first, an answer only after the commit."""
