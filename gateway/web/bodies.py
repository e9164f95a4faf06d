"""Reading what a request carries, within bounds of size and time, and never unpacked."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import unquote
from uuid import uuid4

from aiohttp import BodyPartReader, hdrs, web

from gateway.kernel.errors import InvalidInput, TooLarge
from gateway.web import problems
from gateway.web.problems import Refusal

KIB: Final = 1024
MIB: Final = 1024 * KIB
#: Bytes of a JSON body, of a batch, of a webhook.
JSON_LIMIT: Final = MIB
BATCH_LIMIT: Final = 8 * MIB
WEBHOOK_LIMIT: Final = 256 * KIB
#: Seconds for a whole body; for an upload the seconds in which something must arrive, and for all of it.
BODY_SECONDS: Final = 20.0
UPLOAD_IDLE_SECONDS: Final = 30.0
UPLOAD_SECONDS: Final = 3600.0

_CLOSING: Final = {"Connection": "close"}
_PIECE: Final = 256 * KIB
#: Fields of a form beside a file, and bytes of one.
_MOST_FIELDS: Final = 20
_LONGEST_FIELD: Final = 4 * KIB
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def refuse_packed(request: web.Request) -> None:
    """Refuse a compressed body: unpacked it can be a thousand times what was sent."""
    packed = request.headers.get(hdrs.CONTENT_ENCODING)
    if packed is not None and packed.lower() != "identity":
        raise Refusal(problems.MEDIA_TYPE, "Send the body as it is, without Content-Encoding.", headers=_CLOSING)


async def read(request: web.Request, *, most: int, seconds: float = BODY_SECONDS) -> bytes:
    """The body, of `most` bytes at most and within `seconds`; else TooLarge or a Refusal."""
    refuse_packed(request)
    if (request.content_length or 0) > most:
        raise _too_large(most)
    content = request.content
    if content.is_eof():
        # The body came with the headers: nothing to wait for.
        whole = content.read_nowait(-1)
        if len(whole) > most:
            raise _too_large(most)
        return whole
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for piece in content.iter_any():
                size += len(piece)
                if size > most:
                    raise _too_large(most)
                pieces.append(piece)
    except TimeoutError as error:
        raise Refusal(
            problems.TOO_SLOW, f"The body did not arrive within {seconds:g} seconds.", headers=_CLOSING
        ) from error
    return b"".join(pieces)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The body is larger than {most // KIB} KiB.")


def require_json(request: web.Request) -> None:
    """Refuse another media type than JSON; a request that names none is taken at its word."""
    named = request.headers.get(hdrs.CONTENT_TYPE)
    if named is None or named == "application/json":
        return
    kind = named.partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refusal(problems.MEDIA_TYPE, "Send the body as application/json.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that was handed in, safe on disk."""

    #: As the sender named it, without directories.
    filename: str
    path: Path
    size: int
    sha256: str
    #: The fields of a form that came before it.
    fields: Mapping[str, str] = field(default_factory=dict)

    def discard(self) -> None:
        """Remove it."""
        with suppress(FileNotFoundError):
            self.path.unlink()


async def receive_upload(request: web.Request, *, folder: Path, most: int, fields: bool = False) -> Upload:
    """Stream the multipart field `file` to a file of its own in `folder`, flushed to the disk.

    With `fields` the file may come after other fields of a form, up to 20 short ones.
    Raises InvalidInput, TooLarge or a Refusal, and leaves nothing behind then.
    """
    refuse_packed(request)
    # A multipart envelope is small beside its file.
    if (request.content_length or 0) > most + 64 * KIB:
        raise TooLarge(f"The file is larger than {most // MIB} MiB.")
    if request.content_type != "multipart/form-data":
        raise Refusal(problems.MEDIA_TYPE, "Send the file as multipart/form-data, in the field `file`.")
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            return await _receive(request, folder, most, fields)
    except TimeoutError as error:
        raise Refusal(problems.TOO_SLOW, "The file did not arrive in time.", headers=_CLOSING) from error
    except ValueError as error:
        raise Refusal(problems.MALFORMED, "The multipart body is broken.", headers=_CLOSING) from error


async def _receive(request: web.Request, folder: Path, most: int, fields: bool) -> Upload:
    try:
        reader = await request.multipart()
    except (AssertionError, ValueError) as error:
        raise Refusal(problems.MALFORMED, "The multipart body has no boundary.") from error
    upload: Upload | None = None
    said: dict[str, str] = {}
    try:
        while (part := await asyncio.wait_for(reader.next(), UPLOAD_IDLE_SECONDS)) is not None:
            if fields and upload is None and isinstance(part, BodyPartReader) and part.name not in (None, "file"):
                said |= await _field(part, len(said))
                continue
            if not isinstance(part, BodyPartReader) or part.name != "file" or upload is not None:
                raise InvalidInput("Exactly one field is expected, a file named `file`.", field="file")
            upload = await _keep(part, folder, most)
    except BaseException:
        if upload is not None:
            upload.discard()
        raise
    if upload is None:
        raise InvalidInput("There is no file.", field="file")
    if upload.size == 0:
        upload.discard()
        raise InvalidInput("The file is empty.", field="file")
    return replace(upload, fields=said)


async def _field(part: BodyPartReader, before: int) -> dict[str, str]:
    """A field of a form that comes before the file."""
    value = await asyncio.wait_for(part.read_chunk(_LONGEST_FIELD + 1), UPLOAD_IDLE_SECONDS)
    if before >= _MOST_FIELDS or len(value) > _LONGEST_FIELD or (not part.at_eof() and await part.read_chunk()):
        raise InvalidInput("The form is too long.", field=part.name or "form")
    return {part.name or "": value.decode("utf-8", "replace")}


async def _keep(part: BodyPartReader, folder: Path, most: int) -> Upload:
    encoding = part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "binary").lower()
    if encoding not in {"binary", "8bit", "7bit"} or hdrs.CONTENT_ENCODING in part.headers:
        raise Refusal(problems.MEDIA_TYPE, "Send the file as it is, without an encoding.", headers=_CLOSING)
    filename = displayable(part.filename or "")
    path = folder / f"{uuid4().hex}{_suffix(filename)}"
    hashed = hashlib.sha256()
    size = 0
    file: BinaryIO = await asyncio.to_thread(_create, path)
    try:
        while piece := await asyncio.wait_for(part.read_chunk(_PIECE), UPLOAD_IDLE_SECONDS):
            size += len(piece)
            if size > most:
                raise TooLarge(f"The file is larger than {most // MIB} MiB.")
            await asyncio.to_thread(_write, file, hashed, piece)
        await asyncio.to_thread(_flush, file)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        file.close()
    return Upload(filename=filename, path=path, size=size, sha256=hashed.hexdigest())


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb")


def _write(file: BinaryIO, hashed: Any, piece: bytes) -> None:
    hashed.update(piece)
    file.write(piece)


def _flush(file: BinaryIO) -> None:
    # The import is acknowledged once its row is committed: the file must be as safe as the row.
    file.flush()
    os.fsync(file.fileno())


def displayable(filename: str) -> str:
    """The name of a file as it may be shown and kept: no directories, nothing unprintable, not endless."""
    # Clients write what is not ASCII in several ways, and percent signs are one of them.
    with suppress(UnicodeDecodeError):
        filename = unquote(filename, errors="strict")
    last = re.split(r"[/\\]", filename)[-1]
    return _UNSAFE.sub("", last).strip()[-200:] or "file"


def _suffix(filename: str) -> str:
    suffix = Path(filename).suffix.lower()
    return suffix if suffix in {".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".ics"} else ""
