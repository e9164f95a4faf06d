"""Keys of advisory locks: two that are the same wait for each other, and one that is held for ever stops the other."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import gateway

_KEY = re.compile(r"^(_[A-Z_]+)(?:: Final)? = (0x[0-9A-Fa-f_]+)$", re.MULTILINE)


def test_every_lock_has_a_key_of_its_own() -> None:
    root = Path(gateway.__file__).parent
    keys: dict[int, list[str]] = defaultdict(list)
    for path in root.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "advisory" not in source and "elect" not in source:
            continue
        for name, key in _KEY.findall(source):
            keys[int(key, 16)].append(f"{path.relative_to(root)} {name}")
            if f"{name} + 1" in source:
                keys[int(key, 16) + 1].append(f"{path.relative_to(root)} {name} + 1")
    assert len(keys) > 10, "the keys are written otherwise now: look for them anew"
    assert [names for names in keys.values() if len(names) > 1] == []
