"""The process and its command line: what stays over a restart, exit codes, and one clear line for what is refused."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.gateway import Gateway, Refused

pytestmark = pytest.mark.process

ACCOUNT, NUMBER = files.account_no(906101), "+8613912380001"
MIB = 1 << 20


@pytest.fixture(scope="module")
async def gateway(carrier: OutsideCarrier, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway with an embedded database of its own; files of more than 1 MB are too large for it."""
    gateway = Gateway(tmp_path_factory.mktemp("embedded"), carrier, MAX_UPLOAD_MB="1")
    await gateway.start()
    yield gateway
    await gateway.stop()


async def test_replies_are_read_without_a_database(gateway: Gateway, tmp_path: Path) -> None:
    lines = [
        {"id": "a", "context": {"kind": "survey", "scale": [1, 5], "hours_since": 2.5}, "text": "4 师傅很好就是来晚了"},
        {"id": "b", "context": {"kind": "arrears", "scale": None, "hours_since": 1}, "text": "打错了，我不是王强"},
        {"id": "c", "context": {"kind": "none", "scale": None, "hours_since": 1}, "text": "R"},
    ]
    given = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    code, out, err = await gateway.command("read", given=given, DATA_DIR=str(tmp_path / "none"))
    assert (code, err) == (0, "")
    read = [json.loads(line) for line in out.splitlines()]
    assert [one["id"] for one in read] == ["a", "b", "c"]
    assert (read[0]["intents"][0], read[0]["score"]) == ("score", 4)
    assert [one["intents"][0] for one in read[1:]] == ["wrong_number", "opt_out"]
    assert all({"urgent", "abstain", "because"} <= one.keys() for one in read)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "settings", "code", "told"),
    [
        (("dance",), {}, 2, "dance"),
        (("import", "arrears", "nowhere.csv"), {}, 2, "nowhere.csv"),
        (("serve",), {"DATABASE_URL": "mysql://here", "TIMEZONE": "Mars/Olympus"}, 1, "Mars/Olympus"),
        (("serve",), {"MODE": "live"}, 1, "LAMPLIGHTER_"),
    ],
    ids=["no such command", "no such file", "wrong settings", "defaults in live mode"],
)
async def test_wrong_usage_and_wrong_settings_are_told_apart(
    gateway: Gateway, words: tuple[str, ...], settings: dict[str, str], code: int, told: str
) -> None:
    ended, _, err = await gateway.command(*words, **settings)
    assert ended == code, err
    assert told in err and "Traceback" not in err


async def test_the_command_line_does_what_the_interface_does(gateway: Gateway) -> None:
    archive = gateway.directory / "用户档案.csv"
    archive.write_bytes(files.archive_gb18030([files.household(ACCOUNT, "许一", "13912380001")]))
    arrears = gateway.directory / "欠费清单.csv"
    arrears.write_bytes(files.arrears_csv([files.owes(ACCOUNT, "许一", "80.00"), files.owes("bad", "谁", "1")]))

    code, out, err = await gateway.command("migrate")
    assert code == 0 and "revision" in out, err
    code, out, err = await gateway.command("import", "archive", archive.name)
    assert code == 0 and "1 rows, 1 created" in out and "用户档案.csv" in err, err
    code, out, _ = await gateway.command("import", "arrears", arrears.name)
    assert code == 0 and "2 rows, 1 created" in out and "1 rejected" in out
    code, out, _ = await gateway.command("notice", "arrears", "--billing-month", "202503")
    assert code == 0 and "1 in the audience, 1 texts" in out and "13912380001" not in out


async def test_what_is_refused_ends_in_one_clear_line(gateway: Gateway) -> None:
    refused = {
        ("import", "arrears", "用户档案.csv"): "Missing",
        ("notice", "arrears", "--billing-month", "13"): "YYYYMM",
        ("api-key", "create", "--scope", "everything"): "everything",
    }
    ended = await asyncio.gather(*(gateway.command(*words) for words in refused))
    for (code, _, err), told in zip(ended, refused.values(), strict=True):
        assert code == 1
        assert err.count("lamplighter: ") == 1 and told in err and "Traceback" not in err, err


async def test_templates_are_checked_without_a_database(gateway: Gateway, tmp_path: Path) -> None:
    for language, text in (("zh-CN", "您多次欠费，请交电费"), ("en", "Please pay your bill")):
        (tmp_path / language).mkdir()
        head = f"---\nkind: bill\nclass: N\npurpose: billing\nlanguage: {language}\nhours: service\n---\n"
        (tmp_path / language / "bill.txt").write_text(head + text, encoding="utf-8")
    own, other, nowhere = await asyncio.gather(
        gateway.command("template", "check"),
        gateway.command("template", "check", str(tmp_path)),
        gateway.command("template", "check", str(tmp_path / "nowhere")),
    )
    assert own == (0, "0 errors, 0 warnings\n", "")
    code, out, err = other
    assert code == 1 and "zh-CN/bill.txt:8: it blames the reader: 多次欠费" in out and "1 errors, 0 warnings" in out
    assert err.splitlines() == ["lamplighter: the templates are wrong in 1 places"]
    assert nowhere[0] == 2


async def test_a_key_made_on_the_command_line_holds_its_scopes_and_no_more(gateway: Gateway) -> None:
    code, key, _ = await gateway.command("api-key", "create", "--scope", "imports", "--name", "feeder")
    assert code == 0
    headers = {"Authorization": f"Bearer {key.strip()}"}
    imports = await gateway.get("/imports")
    status, answer = await gateway.ask("GET", "/imports", headers=headers)
    assert status == 200 and answer == imports and len(answer["items"]) == 3
    status, answer = await gateway.ask("GET", "/messages", headers=headers)
    assert (status, answer["type"]) == (403, "/problems/forbidden")


async def test_a_file_beyond_the_bound_is_refused_and_leaves_nothing(gateway: Gateway) -> None:
    before = len(await gateway.every("/imports"))
    for piece in (io.BytesIO(b"x" * (2 * MIB)), _pieces()):
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("file", piece, filename="big.csv")
        status, answer = await gateway.ask("POST", "/imports?kind=arrears", data=form)
        assert (status, answer["type"]) == (413, "/problems/too-large") and "1 MiB" in answer["detail"]
    assert len(await gateway.every("/imports")) == before
    uploads = gateway.directory / "var" / "uploads"
    assert not uploads.exists() or not [path for path in uploads.iterdir() if path.stat().st_size >= MIB]


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(32):
        yield b"y" * (MIB // 16)


async def test_a_restart_keeps_everything_and_sends_nothing_again(gateway: Gateway, carrier: OutsideCarrier) -> None:
    await gateway.set_clock("2025-04-01T10:00:00")
    notice_id = await gateway.approved({"kind": "arrears", "billing_month": "202503"})
    await carrier.settled()
    single = {"to": NUMBER, "template": "announcement", "values": {"text": "明天的公告。"}}
    queued = await gateway.post("/messages", {**single, "not_before": "2025-04-02T09:00:00+08:00"}, status=202)
    assert await carrier.reply(NUMBER, "好的") == 200
    await gateway.idle()
    kept = {
        path: await gateway.get(path)
        for path in (f"/notices/{notice_id}", "/messages", "/inbound", f"/accounts/{ACCOUNT}", f"/contacts/{NUMBER}")
    }

    assert await gateway.stop() == 0
    await gateway.start()
    for path, before in kept.items():
        assert await gateway.get(path) == before
    clock = await gateway.get("/sandbox/clock")
    assert clock["now"].startswith("2025-04-01T")
    assert len(carrier.to(NUMBER)) == 1

    # Killed without a word the database is still there, and what was accepted goes out at its time.
    await gateway.kill()
    await gateway.start()
    await gateway.set_clock("2025-04-02T09:00:30")
    assert len(carrier.to(NUMBER)) == 2
    assert (await gateway.get(f"/messages/{queued['id']}"))["sent_at"].startswith("2025-04-02T01:0")


async def test_an_export_masks_numbers_while_the_gateway_runs(gateway: Gateway) -> None:
    code, out, err = await gateway.command("export", "messages")
    assert code == 0, err
    assert len(out.splitlines()) == 3 and "0001" in out and NUMBER not in out
    assert (await gateway.get("/sandbox/clock"))["now"]


async def test_the_pages_beside_the_interface_answer_without_a_key(gateway: Gateway) -> None:
    async with aiohttp.ClientSession(gateway.url) as session:
        for path in ("/healthz", "/readyz", "/metrics", "/api/openapi.json", "/api/docs"):
            async with session.get(path) as answer:
                assert answer.status == 200, path
        async with session.get("/api/v1/messages") as answer:
            assert answer.status == 401
    with pytest.raises(Refused) as refused:
        await gateway.get("/nowhere")
    assert refused.value.status == 404
