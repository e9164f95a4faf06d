"""The wording of every text: templates read, checked and compiled once, when the process starts.

A template is a file in `templates/<language>/`, named `<name>.txt` or `<name>.<tone>.txt`. Its front matter
says what it is for and which values it takes; its body is Jinja2. Anything that could go wrong at sending (a
missing variable, an unknown one, a date printed raw, a language left out) is found here instead, and the
process does not start. A text that was edited stands in place of its file.
"""

from gateway.notices.wording.catalogue import Wording, templates_directory
from gateway.notices.wording.findings import Finding, Severity
from gateway.notices.wording.frontmatter import INTENTS, KINDS, FrontMatter, Klass, Purpose, Tone
from gateway.notices.wording.reading import differences, version_of
from gateway.notices.wording.speech import ValueType, purposes_in_words
from gateway.notices.wording.template import Template, TextKey

__all__ = [
    "INTENTS",
    "KINDS",
    "Finding",
    "FrontMatter",
    "Klass",
    "Purpose",
    "Severity",
    "Template",
    "TextKey",
    "Tone",
    "ValueType",
    "Wording",
    "differences",
    "purposes_in_words",
    "templates_directory",
    "version_of",
]
