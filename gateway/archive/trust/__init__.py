"""Trust: how likely a contact link reaches somebody who belongs to the account, and what the archive gives away.

`marks` is the reviewed table of what speaks for and against a link, `model` turns marks into a probability,
`sweeping` looks through the whole archive, `judging` decides what follows. All three are pure but the sweep.
"""
