"""A file from the browser: every row has its outcome beside its line, or nothing is done and a sentence says why."""

import contextlib
import csv
import io
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
import redis
import sqlalchemy as sa

from core.references import new_reference
from core.settings import Settings
from core.tracking.stages import Stage
from core.tracking.tables import Document, IntakeFile
from tests.desk.papers import Desktop, Papers, Sit
from web.desk.documents import uploads

INTAKE = "/desk/intake"
HEADING = ("tracking number", "service", "centre", "ID number", "phone")
ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
"""How Excel writes a file with a password: not as a zip any more."""


def table(*rows: Sequence[object], heading: Sequence[str] = HEADING) -> bytes:
    lines = io.StringIO()
    csv.writer(lines).writerows([heading, *rows])
    return lines.getvalue().encode()


def row(number: str | None = None, service: str = "IDR", centre: str = "GPO", phone: str = "0711000001") -> list[str]:
    return [number or new_reference(), service, centre, f"2{new_reference()[1:]}", phone]


def give(desk: Desktop, content: bytes, name: str = "june.csv", **fields: str) -> str:
    """Choose the file, press the button."""
    desk.see(INTAKE)
    chosen = {"stage": "received", "centre": "GPO", "tell": "y"} | fields
    chosen = {field: value for field, value in chosen.items() if value != "-"}
    return desk.send(INTAKE, file=(io.BytesIO(content), name), **chosen)


def chosen(desk: Desktop) -> list[str]:
    """What the form on the page would send, beside the file."""
    picked = re.findall(r'<option value="([^"]*)" selected', desk.page.text)
    return picked + re.findall(r'name="(\w+)" type="checkbox"[^>]* checked', desk.page.text)


def files(papers: Papers) -> Sequence[IntakeFile]:
    return papers.all(sa.select(IntakeFile).order_by(IntakeFile.id))


def test_a_clerk_takes_in_a_file_some_of_whose_rows_are_wrong(papers: Papers, sit: Sit) -> None:
    good, clerk = row(), sit("counter")
    said = give(clerk, table(good, row(service="XYZ"), row("48217093"), row(phone="0711")))
    for words in (
        "Taken 2 Unchanged 0 Refused 2",
        '3 There is no service "XYZ". Type its code, or its name as Zamu has it.',
        '4 "48217093" is no document number. That number is not right. Check each digit.',
        "With a phone that cannot be one, so the owner is not told: 1.",
    ):
        assert words in said
    assert papers.get(good[0]).stage == Stage.RECEIVED
    assert len(papers.messages("document_ready")) == 1
    [refused, phones] = re.findall(r'href="(/desk/intake/result/[^"]+\.csv)"', clerk.page.text)[::-1]
    answer = clerk.client.get(refused)
    assert answer.headers["Content-Disposition"] == "attachment; filename=june.refused.csv"
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert lines[0] == ["refused_line", "refused_because", *HEADING]
    assert [line[0] for line in lines[1:]] == ["3", "4"]
    assert "0711" in clerk.client.get(phones).text
    # What comes back corrected is taken in.
    lines[1][3] = "IDR"
    assert "Taken 1 Unchanged 0 Refused 1" in give(clerk, table(*lines[1:], heading=lines[0]), "june.refused.csv")


def test_a_file_from_excel(papers: Papers, sit: Sit) -> None:
    book, rows, content = openpyxl.Workbook(), [row(), row()], io.BytesIO()
    for line in (HEADING, *rows):
        book.active.append(line)
    book.save(content)
    assert "Taken 2 Unchanged 0 Refused 0" in give(sit("counter"), content.getvalue(), "June 2026.xlsx")
    [file] = files(papers)
    assert (file.name, file.taken) == ("June_2026.xlsx", 2)


def test_the_same_file_again_says_so_and_is_read_again_only_on_demand(papers: Papers, sit: Sit) -> None:
    content, clerk, other = table(row(), row()), sit("counter"), sit("counter")
    give(clerk, content)
    assert "Read this file once more" not in other.see(INTAKE)
    said = give(other, content, "copy of june.csv")
    assert f"This very file was taken in on Mon 23 Nov 9:00am by {clerk.officer.username}: 2 taken" in said
    assert "Nothing was changed now." in said
    assert "Read this file once more" in said
    assert "Taken 0 Unchanged 2 Refused 0" in give(other, content, again="y")
    assert len(papers.messages("document_ready")) == 2


def test_what_another_centre_made_of_the_same_file_is_not_told(papers: Papers, sit: Sit) -> None:
    content, first, other = table(row(), row(centre="MAK")), sit("counter"), sit("counter", site="MAK")
    assert "Taken 1 Unchanged 0 Refused 1" in give(first, content)
    said = give(other, content, centre="MAK")
    assert "Taken 1 Unchanged 0 Refused 1" in said
    assert first.officer.username not in said
    assert "This very file was taken in" in give(other, content, centre="MAK")
    assert [(file.who, file.taken, file.refused) for file in files(papers)] == [
        (desk.officer.username, 1, 1) for desk in (first, other)
    ]


def test_a_file_sent_twice_at_once_is_one_request(papers: Papers, sit: Sit) -> None:
    content, clerk = table(row()), sit("counter")
    clerk.see(INTAKE)
    form = clerk.unseen() | {"stage": "received", "centre": "GPO", "tell": "y"}
    places = {
        clerk.client.post(INTAKE, data=form | {"file": (io.BytesIO(content), "june.csv")}).location for _go in range(2)
    }
    assert len(places) == 1
    assert "Taken 1" in clerk.see(places.pop())


def test_a_backlog_is_taken_in_without_telling_anybody(papers: Papers, sit: Sit) -> None:
    give(sit("counter"), table(row()), tell="-")
    assert papers.messages("document_ready") == []
    assert papers.all(sa.select(Document.stage)) == [Stage.RECEIVED]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "empty.csv", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "june.csv", "This is a picture, and not a table."),
        (ENCRYPTED, "june.xlsx", "an old Excel file (.xls), or one with a password"),
        (b"PK\x03\x04 broken", "june.xlsx", "This Excel file is damaged"),
        (b"name,colour\nAsha,red\n", "june.csv", "No column says which documents these are"),
        (table(), "june.csv", "There are no rows below the heading."),
        (b"<html><table></table></html>", "june.xls", "This is a web page"),
    ],
)
def test_what_is_no_file_of_documents_is_refused_in_a_sentence(
    papers: Papers, sit: Sit, content: bytes, name: str, said: str
) -> None:
    clerk = sit("counter")
    assert said in give(clerk, content, name, tell="-", stage="in_process")
    assert clerk.page.status_code == 422
    assert 'id="file-error"' in clerk.page.text
    assert 'value="in_process" selected' in clerk.page.text  # what was chosen is kept
    assert files(papers) == []


def test_no_file_at_all(papers: Papers, sit: Sit) -> None:
    clerk = sit("counter")
    clerk.see(INTAKE)
    assert "Choose a file." in clerk.send(INTAKE, stage="received", centre="GPO")


def test_words_where_the_file_ought_to_be(papers: Papers, sit: Sit) -> None:
    clerk = sit("counter")
    clerk.see(INTAKE)
    assert "Choose a file." in clerk.send(INTAKE, file="june.csv", stage="received", centre="GPO")


def test_a_file_whose_process_is_killed_is_not_said_to_be_taken_in_for_long(
    papers: Papers, sit: Sit, settings: Settings, monkeypatch
) -> None:
    clerk, key, content = sit("counter"), "a-request-of-this-test", table(row())
    clerk.see(INTAKE)
    form = clerk.unseen() | {"stage": "received", "centre": "GPO", "request_key": key}

    def sends() -> None:
        file = (io.BytesIO(content), "june.csv")
        clerk.page = clerk.client.post(INTAKE, data=form | {"file": file}, follow_redirects=True)

    def killed(*_arguments: object) -> None:
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr("web.intake.Intake.take", killed)
        broken.setattr("web.desk.kept.Keeper.drop", lambda *_: None)  # nothing is done any more
        with pytest.raises(SystemExit):
            sends()
    sends()
    assert "june.csv is still being taken in." in clerk.text
    with contextlib.closing(redis.Redis.from_url(settings.redis_url)) as valkey:
        [name] = valkey.keys("*returned*")
        assert 60 < valkey.ttl(name) <= 300
        valkey.delete(name)
    sends()
    assert "Taken 1" in clerk.text


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), sa.exc.DataError("", None, Exception())])
def test_a_file_that_breaks_off_is_not_said_to_be_taken_in_still(
    papers: Papers, sit: Sit, monkeypatch, error: Exception
) -> None:
    """Its rows may be taken already: nobody is told that nothing was changed."""
    good, clerk = row(), sit("counter")
    content = table(good, row(service="XYZ"))

    def fails(*_arguments: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr("web.intake.ReturnedRows.write", fails)
        said = give(clerk, content)
    assert (clerk.page.status_code, papers.get(good[0]).stage) == (500, Stage.RECEIVED)
    assert "Something failed here, and it was broken off. Give the same file again: it goes on." in said
    assert "Nothing was changed" not in said
    form: dict[str, object] = clerk.unseen() | {"stage": "received", "centre": "GPO", "tell": "y"}
    form["file"] = (io.BytesIO(content), "june.csv")
    clerk.page = clerk.client.post(INTAKE, data=form, follow_redirects=True)
    assert "Taken 0 Unchanged 1 Refused 1" in clerk.text


def test_where_nothing_was_done_the_page_of_a_failure_may_say_so(papers: Papers, sit: Sit, monkeypatch) -> None:
    clerk, key = sit("counter"), "a-request-of-this-test"
    clerk.see(INTAKE)
    form = clerk.unseen() | {"stage": "received", "centre": "GPO", "request_key": key}
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    answer = clerk.client.post(INTAKE, data=form | {"file": (io.BytesIO(table(row())), "june.csv")})
    assert (answer.status_code, papers.all(sa.select(Document.id))) == (500, [])
    assert "This is no longer kept." in clerk.see(f"{INTAKE}/result/{key}")


def test_fifty_megabytes_are_refused_in_a_sentence(papers: Papers, sit: Sit) -> None:
    clerk = sit("counter")
    clerk.see(INTAKE)
    offered = chosen(clerk)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="june.csv"\r\n\r\n'
    body = head + bytes(50 << 20) + b"\r\n--x--\r\n"
    clerk.page = clerk.client.post(INTAKE, data=body, content_type="multipart/form-data; boundary=x")
    said = clerk.text
    assert clerk.page.status_code == 413
    assert "This file is bigger than 10 MB: nothing was done." in said
    assert "zamu documents receive" in said
    assert chosen(clerk) == offered == ["received", "tell"]
    assert files(papers) == []


def test_too_many_rows_are_refused_before_anything_is_done(papers: Papers, sit: Sit, monkeypatch) -> None:
    monkeypatch.setattr(uploads, "MOST_ROWS", 2)
    assert "This file has more than 2 rows: nothing was done." in give(sit("counter"), table(row(), row(), row()))
    assert papers.all(sa.select(Document.id)) == []


def test_rows_of_another_centre_or_agency_are_refused(papers: Papers, sit: Sit) -> None:
    theirs = papers.make(Stage.RECEIVED, site="MAK")
    officer, clerk = sit("counter"), sit("clerk", agency="NRB")
    said = give(officer, table(row(centre="MAK"), row(theirs, centre="GPO"), row()))
    assert "Taken 1 Unchanged 0 Refused 2" in said
    assert "MAK is not your centre: you can take in documents for your own only." in said
    assert "No document of your centre has this document number." in said
    licence = papers.make(service="DLS")
    said = give(clerk, table(row(service="DLS"), row(licence, service="IDR"), row()), stage="sent_to_centre", centre="")
    assert "Taken 1 Unchanged 0 Refused 2" in said
    assert "DLS is not a service of your agency" in said
    assert "No document of your agency has this document number." in said


def test_an_agency_cannot_say_that_a_centre_has_received_a_document(papers: Papers, sit: Sit) -> None:
    clerk = sit("clerk", agency="NRB")
    assert "received at the centre" not in clerk.see(INTAKE).partition("Files taken in")[0]
    give(clerk, table(row()), centre="")
    assert clerk.page.status_code == 422
    with_stage = table([*row(), "received"], heading=[*HEADING, "stage"])
    said = give(clerk, with_stage, stage="sent_to_centre", centre="")
    assert "Only the centre itself can say that it has received a document." in said
    assert papers.all(sa.select(Document.id)) == []


def test_refused_rows_are_kept_for_an_hour_and_for_this_officer_only(papers: Papers, sit: Sit) -> None:
    clerk, other = sit("counter"), sit("counter")
    give(clerk, table(row(service="XYZ")))
    result = clerk.path
    assert "This is no longer kept." in other.see(result)
    assert other.client.get(f"{result}/refused.csv").status_code == 404
    assert clerk.client.get(f"{result}/phones.csv").status_code == 404
    assert clerk.client.get(f"{result}/refused.csv").status_code == 200


def test_nothing_of_a_file_is_left_behind(papers: Papers, sit: Sit, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    give(sit("counter"), table(row(service="XYZ")))
    assert list(tmp_path.iterdir()) == []


def test_without_valkey_the_rows_are_on_the_page(papers: Papers, sit: Sit, monkeypatch) -> None:
    clerk = sit("counter")
    monkeypatch.setattr("web.desk.kept.Keeper._name", lambda *_: [])  # nothing can be stored under such a name
    said = give(clerk, table(row(service="XYZ"), row()))
    assert "Taken 1 Unchanged 0 Refused 1" in said
    assert "They could not be kept as a file: print or save this page." in said


def test_files_are_listed_the_newest_first_for_those_of_one_place(papers: Papers, sit: Sit) -> None:
    clerk, colleague, elsewhere, all_seeing = (
        sit("counter"),
        sit("manager"),
        sit("counter", site="MAK"),
        sit("secretariat"),
    )
    give(clerk, table(row()), "one.csv")
    give(clerk, table(row()), "two.csv")
    for seer, seen in ((colleague, ["two.csv", "one.csv"]), (elsewhere, []), (all_seeing, ["two.csv", "one.csv"])):
        assert re.findall(r"(\w+\.csv)", seer.see(INTAKE)) == seen


def test_reasons_are_said_in_kiswahili(papers: Papers, sit: Sit) -> None:
    clerk = sit("counter", language="sw")
    clerk.client.get("/language/sw?back=/desk")
    said = give(clerk, table(row(service="XYZ")))
    assert 'Hakuna huduma "XYZ"' in said
    assert "Faili ni tupu." in give(clerk, b"")


def test_who_may_not_take_in_files(sit: Sit) -> None:
    for role in ("agent", "auditor", "oversight", "administrator"):
        assert sit(role).client.get(INTAKE).status_code == 403
