"""One document and two clerks at the same moment: one acts, the other is told what happened."""

from core.messaging.tables import Message
from core.people.audit import Actor
from core.tracking.collection import Code, HandOver, hand_over
from core.tracking.documents import lock
from core.tracking.errors import PhoneKnown
from core.tracking.mending import confirm_phone
from core.tracking.scanning import Scan, Scanned, Task, scan
from core.tracking.shelves import Chosen, return_old
from core.tracking.stages import IllegalMove, Stage
from tests.core.tracking.shelf import Shelf
from tests.journeys.together import at_once

ASHA, JUMA = Actor("desk", who="asha"), Actor("desk", who="juma")


def scanned(shelf: Shelf, document_id: int, task: Task, clerk: Actor, **more: object) -> Scanned:
    number = shelf.get(document_id).tracking_number
    order = Scan(number, task, shelf.site_id, **more)  # type: ignore[arg-type]
    key = f"{clerk.who} {task}"
    found = shelf.does(lambda db: scan(db, order, actor=clerk, request_key=key, now=shelf.now))
    assert isinstance(found, Scanned)
    return found


def ready(shelf: Shelf) -> list[Message]:
    return shelf.messages("document_ready")


def test_two_clerks_receive_a_document_at_once(shelf: Shelf) -> None:
    document_id = shelf.document()
    both = at_once(
        lambda: scanned(shelf, document_id, Task.RECEIVE, ASHA), lambda: scanned(shelf, document_id, Task.RECEIVE, JUMA)
    )
    [first] = [came for came in both if not came.already]
    [second] = [came for came in both if came.already]
    assert (second.who, second.at) == (first.who, shelf.now)
    assert shelf.get(document_id).arrivals == 1
    assert len(ready(shelf)) == 1


def test_one_hands_it_over_while_the_other_returns_it(shelf: Shelf) -> None:
    document_id = shelf.arrived()

    def collect() -> object:
        return shelf.does(
            lambda db: hand_over(
                db,
                shelf.people,
                actor=ASHA,
                document_id=document_id,
                by=Code(shelf.code(document_id)),
                request_key="collect",
                now=shelf.now,
            )
        )

    def tried(deed: object) -> object:
        try:
            return deed()  # type: ignore[operator]
        except IllegalMove as error:
            return error.current

    both = at_once(lambda: tried(collect), lambda: tried(lambda: scanned(shelf, document_id, Task.RETURN, JUMA)))
    if isinstance(both[0], HandOver):
        assert (both[1], shelf.get(document_id).stage) == (Stage.COLLECTED, Stage.COLLECTED)
    else:
        assert (both[0], shelf.get(document_id).stage) == (Stage.RETURNED, Stage.RETURNED)


def test_what_is_handed_over_while_the_shelf_goes_back_stays_handed_over(shelf: Shelf) -> None:
    handed, stays = shelf.arrived(), shelf.arrived()
    chosen = Chosen(shelf.site_id)

    def collect() -> int:
        code = Code(shelf.code(handed))
        done = shelf.does(
            lambda db: hand_over(
                db, shelf.people, actor=ASHA, document_id=handed, by=code, request_key="collect", now=shelf.now
            )
        )
        return int(done.collected)

    def go_back() -> int:
        return int(shelf.does(lambda db: return_old(db, chosen, actor=JUMA, request_key="back", now=shelf.now)))

    try:
        _collected, returned = at_once(collect, go_back)
    except IllegalMove:
        returned = 2
    stages = [shelf.get(document_id).stage for document_id in (handed, stays)]
    assert stages == [Stage.COLLECTED if returned == 1 else Stage.RETURNED, Stage.RETURNED]


def test_two_clerks_put_in_two_phones_at_once(shelf: Shelf) -> None:
    document_id = shelf.arrived(None)

    def put(clerk: Actor, phone: str) -> bool | None:
        def work(db: object) -> bool:
            return confirm_phone(
                db,  # type: ignore[arg-type]
                shelf.people,
                document_id=document_id,
                phone=phone,
                actor=clerk,
                request_key=f"phone {clerk.who}",
                now=shelf.now,
            )

        try:
            return bool(shelf.does(work))
        except PhoneKnown:
            return None

    both = at_once(lambda: put(ASHA, "+254711000005"), lambda: put(JUMA, "+254711000006"))
    assert sorted(map(str, both)) == ["None", "True"]
    [message] = ready(shelf)
    assert shelf.does(lambda db: lock(db, document_id)).contact_id == message.person_id
