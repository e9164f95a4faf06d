"""One file a carrier: what goes out, what its answers mean, how its webhooks are read."""
