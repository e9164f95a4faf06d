"""The command line: `lamplighter COMMAND`. Exit codes: 0 done, 1 refused or failed, 2 wrong usage."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from gateway.kernel.errors import InvalidInput, LamplighterError

if TYPE_CHECKING:
    from rich.progress import Progress

    from gateway.kernel.settings import Settings

app = typer.Typer(
    name="lamplighter",
    help="The messaging gateway of an electric utility.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="Keys for programs.", no_args_is_help=True)
app.add_typer(keys, name="api-key")
people = typer.Typer(help="People who may sign in.", no_args_is_help=True)
app.add_typer(people, name="staff")
templates = typer.Typer(help="The wording of the texts.", no_args_is_help=True)
app.add_typer(templates, name="template")


def main() -> None:
    """Run the command line; one clear line on standard error for what is refused."""
    try:
        app()
    except LamplighterError as error:
        _refuse(error)
    except BrokenPipeError:
        sys.exit(1)


def _refuse(error: LamplighterError) -> NoReturn:
    print(f"lamplighter: {error}", file=sys.stderr)
    if isinstance(error, InvalidInput):
        for fault in error.errors:
            if fault.message not in str(error):
                print(f"  {fault.field}: {fault.message}", file=sys.stderr)
    sys.exit(1)


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    import gc

    import uvloop

    # What is loaded by now stays: collecting it again and again would cost a third of the throughput.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvloop.run(work())


def _actor() -> str:
    return f"cli:{getpass.getuser()}"


def _settings() -> Settings:
    from gateway.kernel.logs import configure
    from gateway.kernel.settings import load

    settings = load()
    configure(settings.log_level)
    return settings


@app.command()
def serve() -> None:
    """Run a node: web server, dispatcher and clock, as LAMPLIGHTER_ROLES says."""
    settings = _settings()

    async def work() -> None:
        from gateway.app import Node
        from gateway.house import furnished

        async with furnished(settings) as house:
            await Node(house).run()

    _run(work)


@app.command()
def demo() -> None:
    """Start the sandbox with the sample archive and a notice ready to approve."""
    settings = _settings()

    async def work() -> None:
        from rich.console import Console

        from gateway.demo import run_demo

        await run_demo(settings, Console())

    _run(work)


@app.command()
def migrate() -> None:
    """Bring the database to the version this release needs."""
    settings = _settings()

    async def work() -> None:
        from gateway.house import furnished
        from gateway.kernel.migrating import head

        async with furnished(settings):
            print(f"the database is at revision {head()}")

    _run(work)


@app.command("import")
def import_file(
    kind: Annotated[str, typer.Argument(help="archive, accounts, contacts, topology, staff, bills, arrears, …")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
) -> None:
    """Import a file and say what became of its rows."""
    settings = _settings()

    async def work() -> None:
        from gateway.archive.importing import submit
        from gateway.archive.tables import Import
        from gateway.house import furnished

        async with furnished(settings) as house:
            if kind not in house.import_kinds:
                raise InvalidInput(f"no such kind of import: {kind} (there are {', '.join(house.import_kinds)})")
            async with house.database.session() as session:
                handed_in = await submit(
                    session,
                    kind=kind,
                    filename=file.name,
                    path=file.resolve(),
                    requested_by=_actor(),
                    clock=house.clock,
                )
                await session.commit()
            with _Told(f"importing {file.name}") as told:
                await house.imports.run(handed_in.id, lambda rows, share: told(rows, int(rows / share) if share else 0))
            async with house.database.session() as session:
                done = await session.get_one(Import, handed_in.id)
        print(
            f"{done.state}: {done.rows} rows, {done.created} created, {done.updated} updated, "
            f"{done.unchanged} unchanged, {done.rejected} rejected, {done.conflicts} conflicts (import {done.id})"
        )
        if done.state == "failed":
            raise InvalidInput(done.error or "the import failed")

    _run(work)


@app.command()
def notice(
    kind: Annotated[str, typer.Argument(help="arrears, bill, survey, outage_planned, outage_fault, restoration")],
    billing_month: Annotated[str | None, typer.Option(help="YYYYMM, for bills and arrears")] = None,
    closed_from: Annotated[datetime | None, typer.Option(help="first moment of closing, for surveys")] = None,
    closed_to: Annotated[datetime | None, typer.Option(help="moment after the last closing, for surveys")] = None,
    outage_id: Annotated[str | None, typer.Option(help="the outage that is told of")] = None,
    tone: Annotated[str | None, typer.Option(help="warm or official")] = None,
    approve: Annotated[bool, typer.Option(help="approve it too, as the person named by --approver")] = False,
    approver: Annotated[str | None, typer.Option(help="who approves; not who drafts")] = None,
) -> None:
    """Draft a notice, show what it would do, and with --approve compose it."""
    settings = _settings()
    asked = {
        "billing_month": billing_month,
        "closed_from": closed_from,
        "closed_to": closed_to,
        "outage_id": outage_id,
    }

    async def work() -> None:
        from gateway.house import furnished
        from gateway.notices import Draft

        about = {name: value for name, value in asked.items() if value is not None}
        async with furnished(settings) as house:
            async with house.database.session() as session:
                draft = Draft(kind=kind, about=about, tone=tone)
                notice_id = await house.notices.draft(session, draft, actor=_actor())
                await session.commit()
            seen = await house.notices.preview(notice_id)
            print(
                f"notice {notice_id}: {seen.audience} in the audience, {seen.messages} texts, {seen.segments} segments"
            )
            for reason, number in sorted(seen.withheld.items()):
                print(f"  withheld, {reason}: {number}")
            for sample in seen.samples[:3]:
                print(f"  {sample.to_masked}  {sample.body}")
            if not approve:
                return
            async with house.database.session() as session:
                await house.notices.approve(session, notice_id, actor=f"cli:{approver}", two_people=False)
                await session.commit()
            with _Told("composing") as told:
                await house.notice_runner.compose_next(told, only=notice_id)
        print("composed; a node with the role dispatch sends it")

    if approve and not approver:
        raise InvalidInput("--approve needs --approver: a notice is approved by somebody other than who drafted it")
    _run(work)


@app.command()
def read() -> None:
    """Read customers' replies: JSON lines in, JSON lines out; no database."""
    from gateway.inbox.understanding import read_lines

    sys.exit(read_lines(sys.stdin.buffer, sys.stdout))


@app.command()
def export(
    kind: Annotated[str, typer.Argument(help="evaluations, messages, corrections, trust, changes, cases, …, labels")],
    out: Annotated[Path | None, typer.Option(help="file to write; standard output without it")] = None,
) -> None:
    """Write what the gateway knows as CSV (as XLSX where `--out` ends so), numbers masked but in `changes`; labels as
    JSON lines."""
    settings = _settings()

    async def work() -> None:
        from gateway.exporting import export_csv, export_labels, export_xlsx
        from gateway.house import furnished

        encoding = "utf-8" if kind == "labels" else "utf-8-sig"
        async with furnished(settings) as house:
            now = house.clock.now()
            write: Callable[..., Awaitable[int]] = (
                export_labels if kind == "labels" else partial(export_csv, kind=kind, now=now, zone=settings.zone)
            )
            if out is None:
                await write(house.database, sink=sys.stdout)
            elif out.suffix.lower() == ".xlsx" and kind != "labels":
                await export_xlsx(house.database, kind, out, now=now, zone=settings.zone)
            else:
                with out.open("w", encoding=encoding, newline="") as sink:
                    await write(house.database, sink=sink)

    _run(work)


@app.command()
def reread(
    since: Annotated[str, typer.Option(help="texts that came from this moment on, such as 2025-11-01T08:00")],
    apply: Annotated[bool, typer.Option(help="react to those that still wait for a person and caused nothing")] = False,
) -> None:
    """Show what the present reader would read otherwise than was read when the texts came."""
    settings = _settings()
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise typer.BadParameter("a moment is written such as 2025-11-01T08:00+08:00", param_hint="--since") from None
    moment = moment.replace(tzinfo=moment.tzinfo or settings.zone)

    async def work() -> None:
        from gateway.house import furnished
        from gateway.inbox.rereading import reread as read_again

        seen = applied = 0
        async with furnished(settings) as house:
            async for one in read_again(house.database, house.clock, house.tools, since=moment, apply=apply):
                seen, applied = seen + 1, applied + one.applied
                print(one.told())
        print(f"{seen} would be read otherwise, {applied} reacted to anew", file=sys.stderr)

    _run(work)


@app.command()
def carrier(
    port: Annotated[int, typer.Option(help="port to listen on")] = 8081,
    handsets: Annotated[str, typer.Option(help="silent or lively")] = "silent",
) -> None:
    """Run the embedded carrier and its wall of handsets alone, for a gateway elsewhere on this machine."""
    settings = _settings()

    async def work() -> None:
        from gateway.sandbox.carrier import Behaviour, Carrier

        await Carrier(
            account_sid=settings.twilio.account_sid,
            auth_token=settings.twilio.auth_token.get_secret_value(),
            callbacks_base=settings.base_url,
            sender=settings.twilio.sender,
            behaviour=Behaviour.model_validate({"handsets": handsets}),
        ).run(settings.host, port)

    if not settings.sandbox:
        raise InvalidInput("the embedded carrier is for the sandbox")
    _run(work)


@keys.command("create")
def create_key(
    scope: Annotated[list[str] | None, typer.Option(help="what it may do; may be given several times")] = None,
    name: Annotated[str | None, typer.Option(help="who uses it")] = None,
    role: Annotated[str | None, typer.Option(help="what a person of this role may do, beside the scopes")] = None,
    staff: Annotated[str | None, typer.Option(help="the number of the member of staff whose key it is")] = None,
) -> None:
    """Make a key for a program or a person and print it once."""
    from gateway.staff.roles import GRANTED, ROLES

    settings = _settings()
    if role is not None and role not in ROLES:
        raise InvalidInput(f"no such role: {role} (there are {', '.join(ROLES)})", field="role")
    scopes = [*(scope or ()), *(sorted(GRANTED[role]) if role is not None else ())]

    async def work() -> None:
        from gateway.house import furnished
        from gateway.staff import keys as staff_keys

        async with furnished(settings) as house, house.database.session() as session:
            now = house.clock.now()
            made = await staff_keys.create(
                session,
                name=name or f"key-{now:%Y%m%d%H%M%S%f}",
                scopes=scopes,
                at=now,
                actor=_actor(),
                staff_no=staff,
            )
            await session.commit()
        print(made)

    _run(work)


@keys.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="the name it was made with")]) -> None:
    """End a key; nodes that know it let it in for a few seconds more."""
    settings = _settings()

    async def work() -> None:
        from gateway.house import furnished
        from gateway.staff import keys as staff_keys

        async with furnished(settings) as house, house.database.session() as session:
            await staff_keys.revoke(session, name=name, at=house.clock.now(), actor=_actor())
            await session.commit()
        print(f"{name} is revoked")

    _run(work)


@people.command("add")
def add_person(
    name: Annotated[str, typer.Argument(help="what is typed to sign in: the staff number, or a name")],
    role: Annotated[list[str], typer.Option(help="what they are; may be given several times")],
    org: Annotated[str | None, typer.Option(help="the organisation they act for; without it the whole utility")] = None,
    called: Annotated[str | None, typer.Option(help="their name, where the list of staff does not say it")] = None,
    one_time: Annotated[bool, typer.Option("--one-time", help="print a password to be changed at once")] = False,
) -> None:
    """Let somebody sign in to the console; asks for a password, or prints one that is good once."""
    settings = _settings()
    asked = None if one_time or not sys.stdin.isatty() else _asked_password()

    async def work() -> None:
        from gateway.house import furnished
        from gateway.staff import members, passwords

        password = asked or passwords.one_time()
        async with furnished(settings) as house, house.database.session() as session:
            await members.add(
                session,
                sign_in=name,
                name=called,
                roles=role,
                organisation=org,
                password=password,
                must_change=asked is None,
                clock=house.clock,
                actor=_actor(),
            )
            await session.commit()
        print(f"{name} may sign in at {settings.base_url}/console")
        if asked is None:
            print(f"one-time password: {password}")

    _run(work)


@people.command("code")
def chat_code(name: Annotated[str, typer.Argument(help="what is typed to sign in, or the staff number")]) -> None:
    """Print a code that signs somebody in to the staff bot, once, within ten minutes."""
    settings = _settings()

    async def work() -> None:
        from gateway.house import furnished
        from gateway.staff import chat_sign_in

        async with furnished(settings) as house, house.database.work() as work:
            code = await chat_sign_in.new_code(work.connection, name, actor=_actor(), at=house.clock.now())
            await work.commit()
        print(code)

    _run(work)


@people.command("password")
def reset_password(name: Annotated[str, typer.Argument(help="what is typed to sign in")]) -> None:
    """Print a password that is good once for somebody who forgot theirs; their sign-ins end."""
    settings = _settings()

    async def work() -> None:
        from gateway.house import furnished
        from gateway.staff import members

        async with furnished(settings) as house, house.database.session() as session:
            staff_id = await members.find(session, name)
            password = await members.reset_password(session, staff_id, clock=house.clock, actor=_actor())
            await session.commit()
        print(f"one-time password: {password}")

    _run(work)


def _asked_password() -> str:
    password = getpass.getpass("password: ")
    if getpass.getpass("again: ") != password:
        raise InvalidInput("the two passwords differ")
    return password


@templates.command("check")
def check_templates(
    directory: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, help="another directory than the gateway's own")
    ] = None,
) -> None:
    """Say everything there is to say about the templates; 1 if any of it is an error."""
    from gateway.notices.wording import Severity, Wording

    settings = _settings()
    findings = Wording.check(directory, sender_name=settings.senders, zone=settings.zone)
    for finding in findings:
        print(finding)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    print(f"{errors} errors, {len(findings) - errors} warnings")
    if errors:
        raise InvalidInput(f"the templates are wrong in {errors} places")


class _Told:
    """A bar on a terminal, a plain line a tenth of the way otherwise; both on standard error."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._bar: Progress | None = None
        self._task: Any = None
        self._said = -1

    def __enter__(self) -> Callable[[int, int], None]:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(stderr=True, soft_wrap=True, highlight=False))
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=None)
        else:
            # Said at once: another node may take the work, and then nothing more is told of its way.
            print(self._what, file=sys.stderr)
        return self._tell

    def _tell(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total or None)
        elif total and (tenth := done * 10 // total) != self._said:
            self._said = tenth
            print(f"{self._what}: {done} of about {total}", file=sys.stderr)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
