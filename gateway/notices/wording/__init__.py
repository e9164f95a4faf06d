"""The wording of every text: templates read, checked and compiled once, when the process starts.

A template is a file in `templates/<language>/`, named `<name>.txt` or `<name>.<tone>.txt`. Its front matter
says what it is for and which values it takes; its body is Jinja2. Anything that could go wrong at sending (a
missing variable, an unknown one, a date printed raw, a language left out) is found here instead, and the
process does not start.
"""

from gateway.notices.wording.catalogue import Template, Wording, templates_directory
from gateway.notices.wording.findings import Finding, Severity
from gateway.notices.wording.frontmatter import INTENTS, KINDS, FrontMatter, Klass, Purpose, Tone
from gateway.notices.wording.speech import ValueType, purposes_in_words

__all__ = [
    "INTENTS",
    "KINDS",
    "Finding",
    "FrontMatter",
    "Klass",
    "Purpose",
    "Severity",
    "Template",
    "Tone",
    "ValueType",
    "Wording",
    "purposes_in_words",
    "templates_directory",
]
