"""Texts as the utility edits them: versions that are kept, revisions that a second person approves.

The files that a release brings are the beginning. A revision puts other words in place of some of them, or adds
texts of its own; it is in force once somebody other than its author approved it, on every node within a moment.
Every version that was ever in force, or proposed, is kept: what a message was made from can always be read.
"""

from gateway.notices.texts.keeping import CHANGED, TextKeeper
from gateway.notices.texts.revising import Filled, Proposed, TextPreview, Texts, filled

__all__ = ["CHANGED", "Filled", "Proposed", "TextKeeper", "TextPreview", "Texts", "filled"]
