"""A simulated town whose truth is known: who really answers at which number, through six months of the gateway.

`people` makes the town and the file that its utility exports every night, `life` lives through the months from
outside (HTTP and a carrier of its own), `figures` says how it went. `python -m tests.world --accounts 2000`.
"""
