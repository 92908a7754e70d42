"""Files as clerks send them: which are read, as what, and what is said of the others."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

from core.errors import Malformed
from core.tracking.files import Row, open_table, xlsx_files
from core.tracking.files.columns import understand
from core.tracking.files.returned import ReturnedRows, harmless

HEADING = ("Tracking number", "Service", "Centre", "ID number", "Phone")
ROW = ("48217092", "IDR", "GPO", "12345678", "0711000001")
READ = {
    "tracking_number": "48217092",
    "service": "IDR",
    "centre": "GPO",
    "id_number": "12345678",
    "phone": "0711000001",
}
Keep = Callable[..., Path]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Writes bytes, or a text, under a name."""

    def kept(content: bytes | str, name: str = "june.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return kept


def rows_of(path: Path) -> list[Row]:
    with open_table(path) as table:
        return list(table.rows)


def lines(*rows: Sequence[str], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


def workbook(*sheets: Sequence[Sequence[object]], hidden: Sequence[int] = ()) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for place, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {place + 1}")
        for row in rows:
            sheet.append(list(row))
        if place in hidden:
            sheet.sheet_state = "hidden"
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


GOOD = {
    "plain": lines(HEADING, ROW).encode(),
    "semicolons": lines(HEADING, ROW, delimiter=";").encode(),
    "tabs": lines(HEADING, ROW, delimiter="\t").encode(),
    "UTF-8 with a mark": lines(HEADING, ROW).encode("utf-8-sig"),
    "UTF-16, as Excel's Unicode text": lines(HEADING, ROW, delimiter="\t").encode("utf-16"),
    "UTF-16 of the other order": b"\xfe\xff" + lines(HEADING, ROW).encode("utf-16-be"),
    "Windows": (lines((*HEADING, "Remarks"), (*ROW, "Café"))).encode("cp1252"),
    "lines of Windows": lines(HEADING, ROW, end="\r\n").encode(),
    "lines of an old Mac": lines(HEADING, ROW, end="\r").encode(),
    "no end of the last line": lines(HEADING, ROW).rstrip().encode(),
    "blank lines": ("\n\n" + lines(HEADING) + "\n,,,,\n" + lines(ROW) + "\n").encode(),
    "a title above": ("Huduma Kenya\nDocuments of June,,,\n\n" + lines(HEADING, ROW)).encode(),
    "Excel's own first line": ("sep=;\n" + lines(HEADING, ROW, delimiter=";")).encode(),
    "the heading again in the middle": lines(HEADING, HEADING, ROW, HEADING).encode(),
    "quotation marks": lines([f'"{cell}"' for cell in HEADING], [f'"{cell}"' for cell in ROW]).encode(),
    "spaces, and what cannot be seen": lines(
        HEADING, (" 48217092 ", "\u200eIDR", "GPO\u00a0", "12345678\u200b", "\u202a0711000001\u202c")
    ).encode(),
    "apostrophes against Excel": lines(HEADING, ("'48217092", "IDR", "GPO", "'12345678", "'0711000001")).encode(),
    "a cell less": lines((*HEADING, "Shelf"), ROW).encode(),
    "XLSX": workbook([HEADING, ROW]),
    "XLSX, a sheet of notes first": workbook([["Read me"], ["Sent on Monday"]], [HEADING, ROW]),
    "XLSX, another sheet hidden": workbook([HEADING, ROW], [HEADING, ROW], hidden=[1]),
    "XLSX, a title above": workbook([["Documents of June"], [], HEADING, ROW]),
    "XLSX named .csv": workbook([HEADING, ROW]),
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_files_that_can_be_read_are_read_alike(keep: Keep, content: bytes) -> None:
    [row] = rows_of(keep(content))
    assert dict(row.cells) == READ
    assert row.fault is None


NO_TABLES = {
    "empty": (b"", "empty"),
    "blank lines only": (b"\n\n \n", "empty"),
    "a PDF renamed": (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
    "an old Excel file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Excel"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "picture"),
    "a web page": (b"<html><table><tr><td>", "web page"),
    "packed with gzip": (b"\x1f\x8b\x08\x00", "Unpack"),
    "NUL characters": (lines(HEADING).encode() + b"482\x0017092,IDR\n", "NUL"),
    "UTF-16 without its mark": (lines(HEADING, ROW).encode("utf-16-le"), "NUL"),
    "half a UTF-16 character": (lines(HEADING, ROW).encode("utf-16")[:-1], "cannot be read"),
    "bytes of no alphabet": (b"Tracking number\n\x81\x8d\x8f\n", "cannot be read"),
    "no column that helps": (b"Name,Remarks\nJuma,none\n", 'Columns found: "Name", "Remarks"'),
    "a service and nothing else": (b"Service\nIDR\n", "an ID number and a service"),
    "an archive of anything": (None, "archive (zip)"),
    "a Word document": (None, "Word"),
    "an archive cut short": (workbook([HEADING, ROW])[:-200], "damaged"),
    "an archive with a wrong byte": (None, "damaged"),
    "two sheets of documents": (workbook([HEADING, ROW], [HEADING, ROW]), "Several sheets"),
    "all sheets blank": (workbook([], []), "empty"),
}


def archive(parts: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return made.getvalue()


def changed(book: bytes, **parts: bytes) -> bytes:
    """A workbook with some of its parts replaced (by the end of their names)."""
    with zipfile.ZipFile(io.BytesIO(book)) as zipped:
        old = {name: zipped.read(name) for name in zipped.namelist()}
    return archive({name: parts.get(Path(name).stem, content) for name, content in old.items()})


def hurt(book: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as zipped:
        at = zipped.getinfo("xl/worksheets/sheet1.xml").header_offset
    return book[: at + 80] + b"\xff\x00\xff\x00" + book[at + 84 :]


@pytest.mark.parametrize(("content", "said"), NO_TABLES.values(), ids=NO_TABLES)
def test_what_is_no_table_is_refused_in_one_sentence(
    keep: Keep, request: pytest.FixtureRequest, content: bytes | None, said: str
) -> None:
    made = {
        "an archive of anything": archive({"photo.jpg": b"x"}),
        "a Word document": archive({"word/document.xml": b"<x/>"}),
        "an archive with a wrong byte": hurt(workbook([HEADING, ROW])),
    }
    if content is None:
        content = made[request.node.callspec.id]
    with pytest.raises(Malformed, match=r"^[^\n]{10,300}$") as refused:
        rows_of(keep(content))
    assert said in str(refused.value)


def test_a_field_of_ten_megabytes_is_refused_at_its_line_and_what_stands_before_it_is_read(keep: Keep) -> None:
    path = keep(lines(HEADING, ROW) + "48217092," + "x" * 10_000_000 + "\n" + lines(ROW))
    with open_table(path) as table:
        assert next(table.rows).line == 2
        with pytest.raises(Malformed, match=r"Line 3 .*too long"):
            next(table.rows)


@pytest.mark.parametrize("after", [0, 1, 5, 60], ids=["at the end", "before it", "near it", "long before it"])
def test_a_quotation_mark_that_is_not_closed_swallows_nothing_silently(keep: Keep, after: int) -> None:
    path = keep(lines(HEADING, ROW) + '48217092,"IDR,GPO\n' + lines(*[ROW] * after))
    with open_table(path) as table:
        assert next(table.rows).line == 2
        with pytest.raises(Malformed, match="Line 3 opens a quotation mark"):
            next(table.rows)


def test_rows_are_numbered_by_the_line_they_begin_on(keep: Keep) -> None:
    note = '"sent,\nagain\nand again"'
    path = keep(lines((*HEADING, "Note"), (*ROW, note), (*ROW, ""), (*ROW, note), ROW))
    assert [row.line for row in rows_of(path)] == [2, 5, 6, 9]


def test_a_comma_too_many_is_a_fault_of_its_row_alone(keep: Keep) -> None:
    bad, good = rows_of(keep(lines(HEADING, (*ROW[:2], "Nairobi", *ROW[2:]), ROW)))
    assert bad.fault is not None
    assert "6 cells and the heading 5" in bad.fault
    assert bad.given == (*ROW[:2], "Nairobi", *ROW[2:])
    assert good.cells == READ


def test_cells_of_a_workbook_are_read_as_somebody_would_have_typed_them(keep: Keep) -> None:
    heading = ("tracking number", "id number", "phone", "promised on", "year of birth", "shelf")
    values = (48217092.0, 12345678, 711000001, dt.date(2026, 11, 30), 1994, "A\n 12")
    [row] = rows_of(keep(workbook([heading, values]), "june.xlsx"))
    assert row.cells == {
        "tracking_number": "48217092",
        "id_number": "12345678",
        "phone": "711000001",
        "promised_on": "2026-11-30",
        "year_of_birth": "1994",
        "shelf": "A 12",
    }


def test_a_cell_that_holds_an_error_of_excel_is_blank(keep: Keep) -> None:
    [row] = rows_of(keep(lines(HEADING, ("48217092", "IDR", "GPO", "#N/A", "-"))))
    assert "id_number" not in row.cells
    assert "phone" not in row.cells


COLUMNS = {
    "Tracking Number": "tracking_number",
    "TRACKING_NO": "tracking_number",
    "trackingnumber": "tracking_number",
    "Waiting card": "tracking_number",
    "Nambari ya kufuatilia": "tracking_number",
    "Traking number": "tracking_number",
    "Nambari ya kufwatilia": "tracking_number",
    "HUDUMA": "service",
    "Document type": "service",
    "Kituo": "centre",
    "Huduma Center": "centre",
    "Cnetre": "centre",
    "Nambari ya ID": "id_number",
    "ID No.": "id_number",
    "National_ID": "id_number",
    "DOB": "year_of_birth",
    "Mwaka wa kuzaliwa": "year_of_birth",
    "Simu": "phone",
    "Phone Number:": "phone",
    "Telephne": "phone",
    "Hali": "stage",
    "Status": "stage",
    "Promised date": "promised_on",
    "Rafu": "shelf",
    "Correction": "reason",
    "Sababu": "reason",
    "Name": None,
    "Jina": None,
    "Remarks": None,
    "Phone 2": None,
    "refused_because": None,
    "": None,
}


@pytest.mark.parametrize(("name", "meaning"), COLUMNS.items())
def test_columns_are_understood_kindly(name: str, meaning: str | None) -> None:
    assert understand([name]).meanings == (meaning,)


def test_columns_that_mean_nothing_are_named_and_ours_are_not() -> None:
    columns = understand(["refused_line", "Simu", "Jina", "refused_because", "", "Phoen"])
    assert columns.meanings == (None, "phone", None, None, None, None)
    assert columns.ignored == ("Jina", "Phoen")


def test_two_columns_of_one_meaning_are_refused_by_name() -> None:
    with pytest.raises(Malformed, match='2 columns mean the same, phone: "Simu", "Mobile no"'):
        understand(["Simu", "ID", "Mobile no"])


def test_two_misspellings_of_one_meaning_are_refused_too() -> None:
    with pytest.raises(Malformed, match="mean the same"):
        understand(["Telephne", "Telephonne"])


# Workbooks made up to hurt.


def sheet_of(inner: bytes) -> bytes:
    return b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + inner + b"</worksheet>"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_files, "MOST_OF_A_SHEET", 1 << 20)
    bomb = changed(workbook([HEADING, ROW]), sheet1=sheet_of(b"<sheetData>" + b"<row/>" * 400_000 + b"</sheetData>"))
    assert len(bomb) < 20_000
    with pytest.raises(Malformed, match="unpacks to far more"):
        rows_of(keep(bomb))


@pytest.mark.parametrize("part", ["styles", "workbook", "[Content_Types]"])
def test_a_part_that_is_read_whole_may_be_small_only(keep: Keep, part: str) -> None:
    bomb = changed(workbook([HEADING, ROW]), **{part: b" " * (xlsx_files.MOST_OF_THE_REST + 1)})
    with pytest.raises(Malformed, match="unpacks to far more"):
        rows_of(keep(bomb))


def test_one_row_cannot_fill_the_memory(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_files, "MOST_AT_ONCE", 100_000)
    cells = b"<c/>" * 50_000
    bomb = changed(workbook([HEADING, ROW]), sheet1=sheet_of(b"<sheetData><row>" + cells + b"</row></sheetData>"))
    with pytest.raises(Malformed, match="unpacks to far more"):
        rows_of(keep(bomb))


def test_entities_are_not_unfolded(keep: Keep) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    bomb = changed(
        workbook([HEADING, ROW]), sheet1=laughs + sheet_of(b"<sheetData><row><c><v>&b;</v></c></row></sheetData>")
    )
    with pytest.raises(Malformed, match="damaged"):
        rows_of(keep(bomb))


def test_a_row_that_says_it_is_the_trillionth_costs_no_more_than_another(keep: Keep) -> None:
    row = '<row r="{}"><c t="inlineStr"><is><t>{}</t></is></c><c t="inlineStr"><is><t>{}</t></is></c></row>'
    inner = row.format(1, "tracking number", "phone") + row.format(999_999_999_999, "48217092", "0711000001")
    book = changed(workbook([HEADING, ROW]), sheet1=sheet_of(f"<sheetData>{inner}</sheetData>".encode()))
    [read] = rows_of(keep(book))
    assert read.cells == {"tracking_number": "48217092", "phone": "0711000001"}


# Rows that go back.


@pytest.mark.parametrize("cell", ["=1+1", "+254711000001", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1"])
def test_nothing_that_goes_back_is_run_by_a_spreadsheet(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_rows_that_go_back_are_read_again_as_they_were(keep: Keep, tmp_path: Path) -> None:
    path = keep(lines((*HEADING, "=Jina"), (*ROW[:4], "+254711000001", "=cmd|'/C calc'!A0")))
    with open_table(path) as table, ReturnedRows(path, "refused", table.columns) as returned:
        for row in table.rows:
            returned.write(row, "No such service.")
    assert returned.path == tmp_path / "june.refused.csv"
    assert "'=cmd" in returned.path.read_text("utf-8-sig")
    [again] = rows_of(returned.path)
    assert again.cells == READ | {"phone": "+254711000001"}


def test_no_file_is_written_over_and_none_made_for_nothing(keep: Keep, tmp_path: Path) -> None:
    path = keep(lines(HEADING, ROW))
    with ReturnedRows(path, "refused", understand(HEADING)) as none:
        pass
    assert none.path is None
    for expected in ("june.refused.csv", "june.refused-2.csv", "june.refused-3.csv"):
        with open_table(path) as table, ReturnedRows(path, "refused", table.columns) as returned:
            returned.write(next(table.rows), "No.")
        assert returned.path == tmp_path / expected
        path = returned.path
        assert rows_of(path)[0].cells == READ
