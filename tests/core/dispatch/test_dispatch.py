"""Who hears that their message arrived."""

from datetime import UTC, datetime
from uuid import UUID

from core.conversations.arrival import Arrival, Arrived
from core.dispatch import RECEIVED, SILENCE, dispatch
from core.intake.identity import Known
from core.privacy.cipher import Algorithm, Key
from tests.core.spoken import MAIL, said

ID = UUID(int=1)
KEY = Key.of(ID, Algorithm.AES_256_GCM, bytes(32))


def arrived(*, opened: bool, automatic: bool = False) -> Arrived:
    event = said(MAIL, automatic=automatic)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Arrived(Arrival(ID, ID, "email", Known(ID, ID, KEY), event, moment), ID, ID, opened)


def test_what_opens_a_conversation_is_acknowledged_once() -> None:
    arrivals = [arrived(opened=True), arrived(opened=False), arrived(opened=True)]
    decided = dispatch(arrivals)
    assert [each for each, _ in decided] == arrivals
    assert [outcome for _, outcome in decided] == [RECEIVED, SILENCE, RECEIVED]


def test_a_machine_is_never_answered_by_a_machine() -> None:
    """RFC 3834 section 2."""
    assert dispatch([arrived(opened=True, automatic=True)])[0][1] == SILENCE
