"""`make bench-intake`: 100,000 rows from a file, by the real command: rows a second, and the most memory it needed.

The same rows once as CSV and once as XLSX, as Excel writes one: texts shared,
long numbers as numbers. Each on a database of its own, with a notice written
for every document; then the CSV once more with other bytes, to see what it
costs that nothing is new.
"""

import csv
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import sqlalchemy as sa

from core.clock import utc_now
from core.references import new_reference
from core.settings import Settings, environment
from migrations import migrate
from web.local.scratch import ScratchServers, scratch_servers
from web.seeding import seed_database

ROWS = int(sys.argv[1]) if sys.argv[1:] else 100_000
MOST_MB = 200
HEADING = ("Waiting card", "Service", "Huduma Centre", "ID No.", "Mobile", "Shelf", "Officer's remarks")
SERVICES = ("IDR", "Lost ID", "DLS", "Driving licence", "PPN", "First passport", "PCC", "Tabia njema")
CENTRES = ("GPO", "Makadara", "Huduma Centre Kisumu", "Mombasa", "ELD", "Nakuru")
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def made_up(count: int) -> Iterator[tuple[str, ...]]:
    """Rows of made-up people with numbers of their own."""
    chance = random.Random(191)
    numbers: set[str] = set()
    while len(numbers) < count:
        numbers.add(new_reference())
    for place, number in enumerate(sorted(numbers, key=lambda n: n[::-1])):
        phone = f"0{711_000_000 + place}"
        shelf = f"{chance.choice('ABCDEF')}-{chance.randrange(400)}"
        remark = f"seen by officer {place % 900}, batch {place // 50}"
        yield number, chance.choice(SERVICES), chance.choice(CENTRES), str(20_000_000 + place), phone, shelf, remark


def write_csv(path: Path, rows: Sequence[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADING)
        writer.writerows(rows)


def write_xlsx(path: Path, rows: Sequence[tuple[str, ...]]) -> None:
    """As Excel does it, and openpyxl does not: one table of texts, and every row with a height."""
    texts: dict[str, int] = {}

    def cell(value: str) -> str:
        if value.isdecimal():
            return f"<c><v>{int(value)}</v></c>"
        return f'<c t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{SHEET}"><dimension ref="A1:G{len(rows) + 1}"/><sheetData>'.encode())
            for number, row in enumerate([HEADING, *rows], start=1):
                line = f'<row r="{number}" ht="15" customHeight="1">{"".join(map(cell, row))}</row>'
                sheet.write(line.encode())
            sheet.write(b"</sheetData></worksheet>")
        shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
        parts = {
            "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}">{shared}</sst>',
            "xl/styles.xml": f'<styleSheet xmlns="{SHEET}"/>',
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="Documents" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}.worksheet+xml"/></Types>',
        }
        for name, content in parts.items():
            archive.writestr(name, content)


def write(folder: str, count: int) -> None:
    """The three files."""
    rows = list(made_up(count))
    write_csv(Path(folder, "rows.csv"), rows)
    write_csv(Path(folder, "again.csv"), rows[::-1])
    write_xlsx(Path(folder, "rows.xlsx"), rows)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zamu-bench-") as folder, scratch_servers() as servers:
        table, again, book = (Path(folder, name) for name in ("rows.csv", "again.csv", "rows.xlsx"))
        # In a process of its own: a child begins with as much memory on its account as its parent has.
        subprocess.run([sys.executable, "-c", f"from bench.intake import write; write({folder!r}, {ROWS})"], check=True)
        first, second = _database(servers, "first"), _database(servers, "second")
        most = [_take("CSV, all new", table, first), _take("CSV, nothing new", again, first)]
        most.append(_take("XLSX, all new", book, second))
    if max(most) > MOST_MB:
        sys.exit(f"more than {MOST_MB} MB")


def _database(servers: ScratchServers, name: str) -> dict[str, str]:
    """The environment of a fresh one with the real catalogue."""
    admin = sa.create_engine(
        servers.postgres.address("postgres", "postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool
    )
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} OWNER zamu_owner"))
    migrate(servers.postgres.address("zamu_owner", name))
    env = environment() | {
        "ZAMU_DATABASE_URL": servers.postgres.address("zamu_app", name),
        "ZAMU_REDIS_URL": servers.redis_url,
        "ZAMU_SECRET_KEY": "a key of the benchmark, nothing is kept",
        "ZAMU_CALLBACK_SECRETS": "a-secret-for-the-benchmark",
        "ZAMU_PUBLIC_URL": "http://127.0.0.1",
    }
    seed_database(Settings.from_environment(env), demo=False, now=utc_now())
    return env


def _take(name: str, path: Path, env: dict[str, str]) -> float:
    """Returns the most memory in MB that the command held at once."""
    command = [sys.executable, "-m", "web.cli", "documents", "receive", str(path), "--by", "bench"]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read().splitlines()
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    megabytes = used.ru_maxrss / 1024
    if process.returncode:
        sys.exit(f"{name}: ended with {process.returncode}: {said[-3:]}")
    told = ", ".join(line for line in said if line.split()[-1] in ("taken", "unchanged", "refused"))
    print(f"{name:<18} {ROWS / seconds:>7,.0f} rows/s   peak memory {megabytes:>4.0f} MB   {told}", flush=True)
    return megabytes


if __name__ == "__main__":
    main()
